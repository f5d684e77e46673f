/** The notifier on platforms that throttle, fail, answer late or are away: one message each, and a status that is true. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { platforms } from '../../bots/index.ts';
import { writePreferences } from '../../src/notify/preference-store.ts';
import type { QuietHours } from '../../src/notify/quiet-hours.ts';
import { until } from '../support/kill-scene.ts';
import { NotifierBench, type PostFault, type Told } from '../support/notifier-bench.ts';

/** Longer than a call's 5 s. */
const tooSlowMs = 6_500;
/** Every way in which the outcome of a post can stay unknown. */
const ambiguous: readonly PostFault[] = [
  { kind: 'error_before' },
  { kind: 'error_after' },
  { kind: 'drop_before' },
  { kind: 'drop_after' },
  { kind: 'slow', ms: tooSlowMs },
  { kind: 'late', ms: 5_500 },
  { kind: 'stall' },
  { kind: 'error_after' },
];

/** Where the platform tells of our own messages, that may come first. */
const sent: unknown = expect.stringMatching(/^(?:sent|delivered)$/);

describe.each(platforms.map(({ id }) => id))('on %s', (platform) => {
  let bench: NotifierBench;

  beforeAll(async () => {
    bench = await NotifierBench.start(platform, { gated: true });
  });
  afterEach(() => bench.clearFaults());
  afterAll(() => bench.close());

  /** The posts at the platform are the tries in the log: nobody below the notifier repeats any. */
  async function expectNoOtherPosts(told: Told, before: number): Promise<void> {
    const tries = (await bench.attempts(told.notificationId)).filter(({ started_at: at }) => at !== null);
    expect(bench.posts() - before).toBe(tries.length);
  }

  it('a Retry-After holds for its conversation alone, and over a restart of the notifier', async () => {
    const seconds = 7;
    const before = bench.posts();
    bench.faults({ kind: 'throttled', seconds });
    const throttled = await bench.tell([bench.to('ann')]);
    await until('the refused post', () => bench.posts() === before + 1);
    const refusedAt = performance.now();

    const other = await bench.tell([bench.to('ben')]);
    expect(await bench.ended(other, 4_000)).toMatchObject([{ status: sent }]);
    expect(bench.seen(throttled)).toHaveLength(0);
    await bench.world.restart();
    expect(bench.seen(throttled)).toHaveLength(0);

    const deliveries = await bench.ended(throttled);
    expect(performance.now() - refusedAt).toBeGreaterThan(seconds * 1_000 - 200);
    expect(deliveries).toMatchObject([{ status: sent, attempts: 1 }]);
    expect(bench.seen(throttled)).toHaveLength(1);
    const tries = (await bench.attempts(throttled.notificationId)).filter(
      ({ started_at: at }) => at !== null,
    );
    expect(tries).toMatchObject([
      { outcome: 'rejected', error_code: 'throttled', attempt_no: 1, try_no: 1 },
      { outcome: 'sent', attempt_no: 1, try_no: 2 },
    ]);
    expect(bench.posts()).toBe(before + 3);
  });

  it('a 429 without a time is tried again after a while, and spends no attempt', async () => {
    const before = bench.posts();
    bench.faults({ kind: 'throttled' }, { kind: 'throttled' });
    const told = await bench.tell([bench.to('ann')]);
    expect(await bench.ended(told)).toMatchObject([{ status: sent, attempts: 1 }]);
    expect(bench.seen(told)).toHaveLength(1);
    expect(bench.posts() - before).toBe(3);
    await expectNoOtherPosts(told, before);
  });

  it('a refusal for a passing reason (412, in-band limits) is tried again', async () => {
    const before = bench.posts();
    bench.faults({ kind: 'refused' });
    const told = await bench.tell([bench.to(0)]);
    expect(await bench.ended(told)).toMatchObject([{ status: sent }]);
    expect(bench.seen(told)).toHaveLength(1);
    expect(bench.posts() - before).toBe(2);
  });

  it('whatever hides the outcome, each recipient sees one message at most, and what is called sent is there', async () => {
    const before = bench.posts();
    bench.faults(...ambiguous);
    const told = await bench.tell(bench.everybody);
    const deliveries = await bench.ended(told, 30_000);
    expect(deliveries).toHaveLength(ambiguous.length);
    const seen = Map.groupBy(bench.seen(told), ({ token }) => token);
    for (const delivery of deliveries) {
      const visible = seen.get(delivery.delivery_id)?.length ?? 0;
      if (platform === 'teams' && isPersonal(delivery.destination_id)) {
        expect(delivery).toMatchObject({ status: 'failed', error_code: 'outcome_unknown' });
        expect(visible).toBeLessThanOrEqual(1);
      } else {
        expect(delivery).toMatchObject({ status: sent });
        expect(visible).toBe(1);
      }
    }
    const tries = await bench.attempts(told.notificationId);
    expect(tries.filter(({ outcome }) => outcome === 'unknown')).toHaveLength(ambiguous.length);
    await expectNoOtherPosts(told, before);
    // Nothing comes later.
    await sleep(1_500);
    expect(bench.seen(told).length).toBe([...seen.values()].flat().length);
  });

  it('what an outage made late waits for the end of quiet hours that have begun, and is skipped where that is too late', async () => {
    const ann = bench.world.userId('ann');
    const { database } = bench.world.running.services;
    const { tenantId } = bench.world.acme;
    const quiet = (quietHours: QuietHours | null) =>
      database.inTenant(tenantId, (tx) =>
        writePreferences(tx, ann, { quietHours, categories: {} }, new Date()),
      );
    const makeDue = async (told: Told, expiry: string) => {
      await until('its delivery', async () => (await bench.deliveries(told.notificationId)).length === 1);
      await database.maintenance.execute(
        `update delivery_ready set due_at = now(), rank = 0, expires_at = ${expiry} where notification_id = $1`,
        [told.notificationId],
      );
      // Work of the lane's has it look.
      await bench.ended(await bench.tell([bench.to('ben')]));
    };
    const dueAt = async ({ notificationId }: Told) => {
      const [row] = await database.maintenance.query<{ due_at: Date }>(
        'select due_at from delivery_ready where notification_id = $1',
        [notificationId],
      );
      return row?.due_at.getTime() ?? 0;
    };
    await database.maintenance.execute(`update users set time_zone = 'UTC' where user_id = $1`, [ann]);
    const clock = (ms: number) => new Date(Date.now() + ms).toISOString().slice(11, 16);
    await quiet({ from: clock(-3_600_000), to: clock(7_200_000) });
    const [told, late] = [await bench.tell([bench.to('ann')]), await bench.tell([bench.to('ann')])];
    await makeDue(told, 'null');
    await makeDue(late, `now() + interval '1 hour'`);

    expect(await bench.ended(late)).toMatchObject([{ status: 'skipped', reason: 'quiet_hours_expired' }]);
    await until('the end of the quiet hours', async () => (await dueAt(told)) > Date.now() + 3_600_000);
    expect(bench.seen(told)).toHaveLength(0);
    await quiet(null);
    await makeDue(told, 'null');
    expect(await bench.ended(told)).toMatchObject([{ status: sent, attempts: 1 }]);
    expect(bench.seen(told)).toHaveLength(1);
    expect(bench.seen(late)).toHaveLength(0);
  });

  it('an outage costs about one question a second, and everything is sent after it', async () => {
    const { gate } = bench.world.harness;
    if (gate === undefined) throw new Error('there is no gate');
    await throughGate(bench);
    await gate.shut();
    const told: Told[] = [];
    for (let count = 0; count < 5; count += 1) told.push(await bench.tell(bench.everybody));
    const outageMs = 8_000;
    await sleep(outageMs);
    const during = await triesOf(told);
    await gate.open();

    const deliveries = (await Promise.all(told.map((one) => bench.ended(one, 40_000)))).flat();
    expect(deliveries).toHaveLength(40);
    for (const delivery of deliveries) expect(delivery).toMatchObject({ status: sent });
    for (const one of told) expect(bench.seen(one)).toHaveLength(8);
    // Each conversation's first, what opened the breaker, and one a second from then on.
    expect(during.length).toBeLessThanOrEqual(8 + 5 + outageMs / 1_000 + 2);
    expect(
      during.every(({ outcome, error_code: code }) => outcome === 'rejected' && code === 'transient'),
    ).toBe(true);
  });

  async function triesOf(told: readonly Told[]) {
    const all = await Promise.all(told.map(({ notificationId }) => bench.attempts(notificationId)));
    return all.flat().filter(({ started_at: at }) => at !== null);
  }
});

function isPersonal(destinationId: string): boolean {
  return !destinationId.startsWith('19:');
}

/** Conversations of Teams know the address at which their bot is answered. */
async function throughGate({ world }: NotifierBench): Promise<void> {
  const { environment } = world.harness;
  const [direct, gated] = (environment.DESKBRIDGE_TEAMS_SERVICE_HOSTS ?? '').split(',');
  if (direct === undefined || gated === undefined) return;
  await world.running.services.database.maintenance.query(
    'update conversations set service_url = replace(service_url, $1, $2)',
    [direct, gated],
  );
}
