/** Recipients that cannot be reached, and notifications that may not go: each delivery says why, and the next channel is tried. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { platforms } from '../../bots/index.ts';
import { LarkSimulator } from '../../bots/lark/simulator/lark-simulator.ts';
import { maxMessageTextUnits } from '../../bots/slack/simulator/block-limits.ts';
import { SlackSimulator } from '../../bots/slack/simulator/simulator.ts';
import { TeamsChat } from '../../bots/teams/simulator/simulated-chat.ts';
import { newId } from '../../src/kernel/ids.ts';
import { writePreferences } from '../../src/notify/preference-store.ts';
import { until } from '../support/kill-scene.ts';
import { NotifierBench } from '../support/notifier-bench.ts';

/** Where the platform tells of our own messages, that may come first. */
const sent: unknown = expect.stringMatching(/^(?:sent|delivered)$/);

describe.each(platforms.map(({ id }) => id))('on %s', (platform) => {
  let bench: NotifierBench;

  beforeAll(async () => {
    bench = await NotifierBench.start(platform);
  });
  afterAll(() => bench.close());

  it('somebody who stopped the bot is skipped with that reason, after one post', async () => {
    const reason = refusePerson(bench, 'dan');
    const before = bench.posts();
    const told = await bench.tell([bench.to('dan'), bench.to('ann')]);
    const deliveries = await bench.ended(told);
    expect(deliveries.map(({ status, reason }) => [status, reason]).toSorted()).toEqual(
      [
        [expect.stringMatching(/^(?:sent|delivered)$/), null],
        ['skipped', reason],
      ].toSorted(),
    );
    expect(bench.posts() - before).toBe(2);
    expect(bench.seen(told)).toHaveLength(1);
  });

  it('a conversation that the bot was removed from is skipped as not_in_conversation, and nothing is posted', async () => {
    const place = bench.places[1];
    if (place === undefined) throw new Error('there is no such place');
    await bench.world.chat.uninstall(place.where);
    const before = bench.posts();
    const told = await bench.tell([{ conversation: place.conversationId }]);
    expect(await bench.ended(told)).toMatchObject([{ status: 'skipped', reason: 'not_in_conversation' }]);
    expect(bench.posts()).toBe(before);
  });

  it('a conversation that is gone without a word is skipped at the first post, and its reference is retired', async () => {
    await removeInSilence(bench, 2);
    const told = await bench.tell([bench.to(2)]);
    expect(await bench.ended(told)).toMatchObject([{ status: 'skipped', reason: 'not_in_conversation' }]);
    const before = bench.posts();
    const again = await bench.tell([bench.to(2)]);
    expect(await bench.ended(again)).toMatchObject([{ status: 'skipped', reason: 'not_in_conversation' }]);
    expect(bench.posts()).toBe(before);
  });

  it('a refused payload goes once more in a smaller rendering', async () => {
    const before = bench.posts();
    limitContent(bench, 'card');
    const told = await bench.tell([bench.to('ann')], ofTicket(bench));
    const deliveries = await bench.ended(told);
    limitContent(bench, 'none');
    expect(deliveries).toMatchObject([{ status: sent, attempts: 2 }]);
    expect(bench.posts() - before).toBe(2);
    const tries = (await bench.attempts(told.notificationId)).filter(({ started_at: at }) => at !== null);
    expect(tries).toMatchObject([
      { outcome: 'rejected', error_code: 'payload_rejected', attempt_no: 1 },
      { outcome: 'sent', attempt_no: 2 },
    ]);
  });

  it('a payload that is refused in the smaller rendering too is given up as payload_rejected', async () => {
    const before = bench.posts();
    limitContent(bench, 'everything');
    const told = await bench.tell([bench.to('ann')], ofTicket(bench));
    const deliveries = await bench.ended(told);
    limitContent(bench, 'none');
    expect(deliveries).toMatchObject([{ status: 'failed', error_code: 'payload_rejected', attempts: 2 }]);
    expect(bench.posts() - before).toBe(2);
    expect(bench.seen(told)).toHaveLength(0);
  });

  it('what expires while the platform throttles is skipped as expired, and never posted', async () => {
    const before = bench.posts();
    bench.faults({ kind: 'throttled', seconds: 4 });
    const told = await bench.tell([bench.to('ben')], { expiresAt: new Date(Date.now() + 2_000) });
    expect(await bench.ended(told)).toMatchObject([{ status: 'skipped', reason: 'expired' }]);
    await sleep(3_000);
    expect(bench.posts() - before).toBe(1);
    expect(bench.seen(told)).toHaveLength(0);
  });

  it('what waits of a suspended tenant is skipped as tenant_suspended; the other tenant goes on', async () => {
    const { maintenance } = bench.world.running.services.database;
    const { acme } = bench.world;
    const before = bench.posts();
    bench.faults({ kind: 'throttled', seconds: 2 });
    const told = await bench.tell([bench.to('cara')]);
    await until('the refused post', () => bench.posts() === before + 1);
    const set = 'update tenants set status = $2 where tenant_id = $1';
    await maintenance.query(set, [acme.tenantId, 'suspended']);
    const deliveries = await bench.ended(told);
    await maintenance.query(set, [acme.tenantId, 'active']);
    expect(deliveries).toMatchObject([{ status: 'skipped', reason: 'tenant_suspended' }]);
    await sleep(2_500);
    expect(bench.posts()).toBe(before + 1);
    const after = await bench.tell([bench.to('cara')]);
    const later = await bench.ended(after);
    expect(later, JSON.stringify(later)).toMatchObject([{ status: sent }]);
  });

  it.runIf(platform === 'teams')(
    'somebody who blocked the bot is told in the activity feed instead',
    async () => {
      refusePerson(bench, 'cara');
      const preferences = {
        quietHours: null,
        categories: { announcement: { channels: ['teams_chat' as const, 'teams_feed' as const] } },
      };
      await bench.world.running.services.database.inTenant(bench.world.acme.tenantId, (tx) =>
        writePreferences(tx, bench.world.userId('cara'), preferences, new Date()),
      );
      const told = await bench.tell([bench.to('cara')]);
      await until('the fallback', async () => (await bench.deliveries(told.notificationId)).length === 2);
      await bench.ended(told);
      const [first, second] = await bench.deliveries(told.notificationId);
      expect(first).toMatchObject({
        destination_type: 'teams_chat',
        status: 'skipped',
        reason: 'blocked_by_user',
      });
      expect(second).toMatchObject({
        destination_type: 'teams_feed',
        status: 'sent',
        fallback_of: first?.delivery_id,
      });
    },
  );

  it.runIf(platform === 'teams')('a conversation that moved to another region is reached there', async () => {
    const { world } = teamsOf(bench);
    world.region = 'emea';
    const told = await bench.tell([bench.to('ann'), bench.to(0)]);
    const deliveries = await bench.ended(told);
    expect(deliveries).toHaveLength(2);
    for (const delivery of deliveries) expect(delivery).toMatchObject({ status: sent });
    expect(bench.seen(told)).toHaveLength(2);
    world.region = 'amer';
  });
});

/** A card with facts and buttons; the smaller rendering has its title and text alone. */
function ofTicket({ world }: NotifierBench) {
  const ticket = {
    ticketId: newId(),
    number: 7,
    title: 'Printer on floor 3',
    statusName: 'New',
    statusKind: 'new' as const,
    priority: 'high' as const,
    clientName: 'Contoso',
    assigneeId: world.userId('ann'),
    assigneeName: 'Ann',
    dueAt: new Date().toISOString(),
    url: null,
  };
  const content = { kind: 'ticket' as const, ticket, actorName: 'Ben', excerpt: null };
  return {
    category: 'assignment' as const,
    content,
    target: { kind: 'ticket' as const, id: ticket.ticketId },
  };
}

function teamsOf({ world }: NotifierBench) {
  if (world.chat instanceof TeamsChat) return world.chat.simulator;
  throw new Error('this is not Teams');
}

/** From now on the person does not want to hear from the bot. @returns the reason that the delivery has to have */
function refusePerson({ world }: NotifierBench, key: string): string {
  const { chat } = world;
  const person = chat.people.find((one) => one.key === key);
  if (person === undefined) throw new Error(`nobody is called ${key}`);
  if (chat instanceof LarkSimulator) {
    chat.refuseSendsTo({ as: key }, 230053);
    return 'blocked_by_user';
  }
  if (chat instanceof SlackSimulator) {
    chat.ways.refusals.set(person.platformUserId, 'user_disabled');
    return 'not_in_conversation';
  }
  const { simulator } = chat as TeamsChat;
  const { conversation } = simulator.scene({ as: key });
  simulator.world.refusals.set(conversation.id, 'blocked');
  return 'blocked_by_user';
}

/** The bot is put out of a place, and no event tells it. */
async function removeInSilence(bench: NotifierBench, number: number): Promise<void> {
  const { chat } = bench.world;
  const where = bench.places[number]?.where ?? {};
  if (chat instanceof TeamsChat) {
    const [message] = await chat.messages(where);
    chat.simulator.world.refusals.set(message?.conversation ?? '', 'uninstalled');
  } else if (chat instanceof SlackSimulator) {
    const { conversation, installation } = chat.scene(where);
    conversation.members.delete(installation.botUserId);
  } else if (chat instanceof LarkSimulator) {
    chat.refuseSendsTo(where, 230002);
  }
}

/** What the platform takes: nothing longer than a few lines, nothing at all, or as it is. */
function limitContent(bench: NotifierBench, what: 'card' | 'everything' | 'none'): void {
  const { chat } = bench.world;
  const bytes = { card: chat instanceof LarkSimulator ? 900 : 1_500, everything: 10, none: 100_000 }[what];
  if (chat instanceof LarkSimulator) chat.limitContent(bytes);
  else if (chat instanceof TeamsChat) chat.simulator.world.maxActivityBytes = bytes;
  else if (chat instanceof SlackSimulator) {
    chat.ways.maxBlocksText = { card: 300, everything: 300, none: maxMessageTextUnits }[what];
    // The smaller rendering has no blocks.
    if (what === 'everything') chat.faults.set('chat.postMessage', { kind: 'error', error: 'msg_too_long' });
    else chat.faults.clear();
  }
}
