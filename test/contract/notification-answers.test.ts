/** What people do with the notifications that they get, on every platform: answer from the card, mute, be told no more. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { platforms } from '../../bots/index.ts';
import type { SeenMessage, Where } from '../../src/kernel/simulated-chat.ts';
import { enqueueNotification } from '../../src/notify/enqueue.ts';
import type { Recipient } from '../../src/notify/recipients.ts';
import { ChatWorld } from '../support/chat-world.ts';

describe.each(platforms.map(({ id }) => ({ id })))('on $id', ({ id }) => {
  let world: ChatWorld;
  beforeAll(async () => {
    world = await ChatWorld.start(id, { settings: { group_chat: true } });
  });
  afterAll(() => world.close());

  /** The message that says so, once it has come. */
  async function seen(text: string, where: Where): Promise<SeenMessage> {
    for (let tries = 0; tries < 250; tries += 1) {
      const found = (await world.chat.messages(where)).find((message) => message.text.includes(text));
      if (found !== undefined) return found;
      await sleep(20);
    }
    throw new Error(`nobody said ${text}`);
  }

  async function deliveries(category: string) {
    return await world.running.services.database.maintenance.query<{ status: string; responded: boolean }>(
      `select status, reason, responded_at is not null as responded from deliveries
        where tenant_id = $1 and category = $2 order by delivery_id`,
      [world.acme.tenantId, category],
    );
  }

  async function conversationOf(where: Where): Promise<string> {
    await world.ask('whoami', where);
    const [row] = await world.running.services.database.maintenance.query<{ conversation_id: string }>(
      `select conversation_id from conversations
        where tenant_id = $1 and type <> 'personal' order by last_activity_at desc limit 1`,
      [world.acme.tenantId],
    );
    return row?.conversation_id ?? '';
  }

  async function tell(to: Recipient, ticketId: string): Promise<void> {
    await world.running.services.database.inTenant(world.acme.tenantId, (tx) =>
      enqueueNotification(
        tx,
        {
          category: 'escalation',
          content: { kind: 'event', noteId: null },
          target: { kind: 'ticket', id: ticketId },
          actorUserId: null,
          to: [to],
          createdBy: { kind: 'event', id: null },
        },
        new Date(),
      ),
    );
  }

  it('an assignment reaches the assignee, whose press is an answer and a proof', async () => {
    await world.ask('whoami', { as: 'ben' });
    const { number } = await world.ticket({ title: 'Answer me' });
    await world.ask(`assign ${number} to ben@acme.test`, { as: 'ann' });
    const card = await seen(`assigned #${number} to you`, { as: 'ben' });
    expect(card.text).toContain('Answer me');
    expect((await world.chat.press(card, 'Add note', { as: 'ben' })).status).toBe(200);
    expect(await deliveries('assignment')).toMatchObject([{ status: 'delivered', responded: true }]);
  });

  it('a card in a group is brought up to date by whoever takes it', async () => {
    const place = { kind: 'group' as const, name: 'on call' };
    const conversation = await conversationOf({ as: 'ben', place });
    const { number, ticketId } = await world.ticket({ title: 'Take me' });
    await tell({ conversation }, ticketId);
    const card = await seen(`#${number} is overdue`, { as: 'ben', place });
    await world.chat.press(card, 'Assign to me', { as: 'ben', place });
    const taken = await seen(`#${number} is yours now`, { as: 'ben', place });
    expect(taken.text).toContain('Take me');
    const cards = await world.chat.messages({ as: 'ben', place });
    expect(cards.filter(({ text }) => text.includes(`#${number} is overdue`))).toEqual([]);
    expect(await deliveries('escalation')).toMatchObject([{ status: 'delivered', responded: true }]);
  });

  it('who muted a kind of messages gets no more of it, until it is unmuted', async () => {
    const where: Where = { as: 'cara' };
    expect((await world.ask('mute overdue tickets', where)).text).toContain('Muted: Overdue tickets');
    expect((await world.ask('notifications', where)).text).toContain('Muted');
    const { ticketId } = await world.ticket({ title: 'Hear me' });
    const before = (await deliveries('escalation')).length;
    await tell({ user: world.userId('cara') }, ticketId);
    for (let tries = 0; tries < 250 && (await deliveries('escalation')).length === before; tries += 1)
      await sleep(20);
    expect((await deliveries('escalation')).at(-1)).toMatchObject({ status: 'skipped', reason: 'muted' });
    const list = await world.ask('notifications', where);
    const again = await world.replyTo(where, () => world.chat.press(list, 'Unmute', where));
    expect(again.text).toContain('No longer muted: Overdue tickets');
    await tell({ user: world.userId('cara') }, ticketId);
    await seen('is overdue', where);
    const rows = (await world.auditRows()).filter(({ action }) => action === 'mute' || action === 'unmute');
    expect(rows).toMatchObject([
      { action: 'mute', result: 'success' },
      { action: 'unmute', result: 'success' },
    ]);
  });
});
