/** The notifier as administrators and their people see it, the same on every platform. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { platforms } from '../../bots/index.ts';
import type { JsonValue } from '../../src/kernel/canonical-json.ts';
import type { SeenMessage, Where } from '../../src/kernel/simulated-chat.ts';
import { ChatWorld } from '../support/chat-world.ts';

type Answer = Record<string, unknown>;

describe.each(platforms.map(({ id }) => id))('on %s', (platform) => {
  let world: ChatWorld;

  beforeAll(async () => {
    world = await ChatWorld.start(platform, { settings: { group_chat: true } });
    // The bot knows the people's own conversations once somebody spoke there.
    for (const as of ['ann', 'ben', 'cara']) await world.ask('help', { as });
  });
  afterAll(() => world.close());

  const general: Where = { place: { kind: 'channel', name: 'general' } };

  async function notify(body: Record<string, JsonValue>): Promise<{ id: string; deliveries: Answer[] }> {
    const request = {
      category: 'announcement',
      message: { title: 'Maintenance', text: 'From 22:00.' },
      ...body,
    };
    const answer = await world.api('POST', '/notifications', request);
    expect(answer).toMatchObject({ status: 202 });
    const { notification_id, deliveries } = answer.body;
    return { id: String(notification_id), deliveries: deliveries as Answer[] };
  }

  async function eventually<T>(look: () => Promise<T | null | undefined>): Promise<T> {
    const until = Date.now() + 20_000;
    for (;;) {
      const seen = await look();
      if (seen !== null && seen !== undefined) return seen;
      if (Date.now() > until) throw new Error('it did not come about');
      await sleep(25);
    }
  }

  /** The deliveries of a notification, once none is queued any more. */
  async function ended(id: string): Promise<Answer[]> {
    return await eventually(async () => {
      const { body } = await world.api('GET', `/deliveries?notification_id=${id}&limit=200`);
      const items = body.items as Answer[];
      return items.length > 0 && items.every(({ status }) => status !== 'queued') ? items : null;
    });
  }

  async function delivery(id: unknown): Promise<Answer> {
    return (await world.api('GET', `/deliveries/${String(id)}`)).body;
  }

  async function seen(where: Where, text: string): Promise<SeenMessage> {
    return await eventually(async () =>
      (await world.chat.messages(where)).findLast((message) => message.text.includes(text)),
    );
  }

  it('a person, a channel and an address are told, once each, and the deliveries say so', async () => {
    await world.ask('help', { as: 'ann', ...general });
    const { body } = await world.api('GET', '/conversations?limit=200');
    const channel = (body.items as Answer[]).find(({ type }) => type !== 'personal');
    const personal = world.chat.people.find(({ key }) => key === 'ben')?.platformUserId ?? '';
    const { id } = await notify({
      message: { title: 'Told once', text: 'Each place.' },
      to: [
        { user: world.userId('ann') },
        { user: world.userId('ann') },
        { conversation: String(channel?.conversation_id) },
        { registration: world.acme.registrationId, address: personal },
      ],
    });
    const items = await ended(id);
    expect(items).toHaveLength(3);
    for (const item of items) {
      expect(item).toMatchObject({
        platform,
        attempts: 1,
        error_code: null,
        reason: null,
        fallback_of: null,
      });
      expect(['sent', 'delivered']).toContain(item.status);
      expect(item.provider_message_id).toBeTruthy();
    }
    for (const where of [{ as: 'ann' }, { as: 'ben' }, { as: 'ann', ...general }]) {
      const told = (await world.chat.messages(where)).filter(({ text }) => text.includes('Told once'));
      expect(told).toHaveLength(1);
    }
  });

  it('an assignment tells the new assignee, and nobody of what they did themselves', async () => {
    const ticket = await world.ticket({ title: 'Scanner is blind' });
    await world.ask(`assign ${ticket.number} to ben`, { as: 'ann' });
    const message = await seen({ as: 'ben' }, 'Scanner is blind');
    expect(message.text).toContain(`#${ticket.number}`);
    expect(message.card.buttons.map(({ label }) => label)).toContain('Add note');
    await world.ask(`assign ${ticket.number} to me`, { as: 'cara' });
    await sleep(300);
    const told = (await world.chat.messages({ as: 'cara' })).filter(({ text }) =>
      text.includes('was assigned to you'),
    );
    expect(told).toEqual([]);
  });

  it('a press on a notification runs its action, updates the card, and proves that it arrived', async () => {
    const approvalId = await world.approval('A bigger screen', 'ann');
    const message = await seen({ as: 'ann' }, 'A bigger screen');
    const gesture = await world.chat.press(message, 'Approve', { as: 'ann' });
    expect(gesture.status).toBe(200);
    const { body } = await world.api('GET', `/approvals/${approvalId}`);
    expect(body).toMatchObject({ status: 'approved' });
    const updated = await eventually(async () =>
      (await world.chat.messages({ as: 'ann' })).find(
        ({ id, versions }) => id === message.id && versions > 1,
      ),
    );
    expect(updated.card.buttons.map(({ label }) => label)).not.toContain('Approve');
    const { body: list } = await world.api(
      'GET',
      `/deliveries?category=approval_request&user=${world.userId('ann')}`,
    );
    const [item] = list.items as Answer[];
    expect(item).toMatchObject({ status: 'delivered' });
    expect(item?.responded_at).toBeTruthy();
  });

  it('a notification that was sent is taken back', async () => {
    const { id, deliveries } = await notify({
      message: { title: 'Never mind this', text: 'It was wrong.' },
      to: [{ user: world.userId('ann') }],
    });
    await ended(id);
    await seen({ as: 'ann' }, 'Never mind this');
    expect((await world.api('POST', `/notifications/${id}/withdraw`)).status).toBe(200);
    const item = await eventually(async () => {
      const one = await delivery(deliveries[0]?.delivery_id);
      return one.withdrawn_at === null ? null : one;
    });
    expect(['sent', 'delivered']).toContain(item.status);
    const left = (await world.chat.messages({ as: 'ann' })).filter(({ text }) =>
      text.includes('Never mind this'),
    );
    expect(left).toEqual([]);
  });

  it('what is unsent is cancelled or withdrawn, and never sent', async () => {
    const later = { send_at: new Date(Date.now() + 3_600_000).toISOString() };
    const one = await notify({ ...later, to: [{ user: world.userId('ann') }] });
    const other = await notify({ ...later, to: [{ user: world.userId('ben') }] });
    const cancelled = await world.api('POST', `/deliveries/${String(one.deliveries[0]?.delivery_id)}/cancel`);
    expect(cancelled).toMatchObject({ status: 200, body: { status: 'skipped', reason: 'cancelled' } });
    await world.api('POST', `/notifications/${other.id}/withdraw`);
    expect(await delivery(other.deliveries[0]?.delivery_id)).toMatchObject({
      status: 'skipped',
      reason: 'withdrawn',
    });
  });

  it('a category is muted from the chat, and its notifications say so', async () => {
    await world.ask('mute announcements', { as: 'cara' });
    const { id } = await notify({ to: [{ user: world.userId('cara') }] });
    expect(await ended(id)).toMatchObject([{ status: 'skipped', reason: 'muted' }]);
    await world.ask('unmute announcements', { as: 'cara' });
    const again = await notify({ to: [{ user: world.userId('cara') }] });
    expect((await ended(again.id))[0]?.reason).toBeNull();
  });

  it('a test message explains its whole path', async () => {
    const answer = await world.api('POST', `/users/${world.userId('ann')}/test-notification`);
    expect([200, 202]).toContain(answer.status);
    expect(JSON.stringify(answer.body)).toContain(platform);
    await seen({ as: 'ann' }, 'test');
  });

  it('many are told at the pace of the platform, and the progress can be followed', async () => {
    const { id } = await notify({
      message: { title: 'To all', text: 'Everybody.' },
      to: [{ everyone: true }],
    });
    await ended(id);
    const { body } = await world.api('GET', `/notifications/${id}`);
    expect(body).toMatchObject({ recipients: 4, waiting: 0 });
    const counts = body.counts as Record<string, number>;
    expect((counts.sent ?? 0) + (counts.delivered ?? 0)).toBe(4);
  });
});
