/** The matrix of crashes and unknown outcomes, cell by cell: what each platform lets us promise, and that we keep it. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { enqueueNotification, type NotificationRequest } from '../../src/notify/enqueue.ts';
import type { UnknownPolicy } from '../../src/notify/records.ts';
import { createTestDatabase, type TestDatabase } from '../support/databases.ts';
import type { CrashPoint } from './notifier-life.ts';
import { Matrix, type Outcome, type Target } from './notifier-matrix.ts';
import type { Readable } from './notifier-platform.ts';
import type { WireFault } from './notifier-wire.ts';

/** How it can be found out what became of a send: by sending again under the same key, by looking, or not at all. */
type Proof = 'repeat' | 'look-up' | 'none';

interface Column {
  name: string;
  platform: string;
  target: Target;
  reads: Readable;
  proof: Proof;
  /** Of the outage. */
  later?: Proof;
}

const columns: readonly Column[] = [
  {
    name: 'Lark, person',
    platform: 'lark',
    target: 'person',
    reads: 'everything',
    proof: 'repeat',
    later: 'look-up',
  },
  {
    name: 'Lark, group',
    platform: 'lark',
    target: 'group',
    reads: 'everything',
    proof: 'repeat',
    later: 'look-up',
  },
  {
    name: 'Lark, group, unreadable',
    platform: 'lark',
    target: 'group',
    reads: 'nothing',
    proof: 'repeat',
    later: 'none',
  },
  { name: 'Slack, person', platform: 'slack', target: 'person', reads: 'everything', proof: 'look-up' },
  { name: 'Slack, channel', platform: 'slack', target: 'channel', reads: 'everything', proof: 'look-up' },
  { name: 'Slack, unreadable', platform: 'slack', target: 'channel', reads: 'nothing', proof: 'none' },
  { name: 'Teams channel', platform: 'teams', target: 'channel', reads: 'shared', proof: 'look-up' },
  { name: 'Teams group', platform: 'teams', target: 'group', reads: 'shared', proof: 'look-up' },
  {
    name: 'Teams channel, unreadable',
    platform: 'teams',
    target: 'channel',
    reads: 'nothing',
    proof: 'none',
  },
  { name: 'Teams 1:1', platform: 'teams', target: 'person', reads: 'shared', proof: 'none' },
  { name: 'Teams 1:1, opened first', platform: 'teams', target: 'stranger', reads: 'shared', proof: 'none' },
  { name: 'Teams 1:1, readable', platform: 'teams', target: 'person', reads: 'everything', proof: 'look-up' },
  { name: 'activity feed', platform: 'teams', target: 'feed', reads: 'nothing', proof: 'repeat' },
];

const policies: readonly UnknownPolicy[] = ['hold', 'resend'];

/** What a send of unknown outcome becomes. @param posted whether people saw it when nobody knew */
function promised(proof: Proof, policy: UnknownPolicy, posted: boolean): Partial<Outcome> {
  switch (proof) {
    case 'repeat':
      return { status: 'sent', errorCode: null, visible: 1, attempts: 1, isKnown: true };
    case 'look-up':
      return posted
        ? { status: 'delivered', errorCode: null, visible: 1, attempts: 1, isKnown: true }
        : { status: 'sent', errorCode: null, visible: 1, attempts: 2, isKnown: true };
    case 'none':
      return policy === 'hold'
        ? { status: 'failed', errorCode: 'outcome_unknown', visible: posted ? 1 : 0, attempts: 1 }
        : { status: 'sent', errorCode: null, visible: posted ? 2 : 1, attempts: 2, isKnown: true };
  }
}

const sentOnce: Partial<Outcome> = {
  status: 'sent',
  errorCode: null,
  visible: 1,
  attempts: 1,
  isKnown: true,
  log: ['sent'],
};

const wholeHours = 3 * 3_600_000;

/** A worker passes these points and dies at the last. */
function cases(...each: CrashPoint[][]): { at: string; points: CrashPoint[] }[] {
  return each.map((points) => ({ at: points.join(', '), points }));
}

const noIntent = cases(['before_load'], ['before_intent'], ['before_intent', 'before_commit']);
const neverOnTheWire = cases(['after_intent'], ['before_intent', 'after_commit'], ['before_wire']);
const accepted = cases(
  ['request_sent'],
  ['request_done'],
  ['after_wire'],
  ['before_outcome'],
  ['before_outcome', 'before_commit'],
);
const unlearned = cases(['before_outcome', 'after_commit'], ['after_outcome']);
const outage = [
  { at: 'before_wire', posted: false },
  { at: 'request_done', posted: true },
] as const;
const ambiguous: readonly { fault: WireFault; posted: boolean }[] = [
  { fault: 'stalled', posted: false },
  { fault: 'slow', posted: true },
  { fault: 'late', posted: true },
  { fault: 'drop_before', posted: false },
  { fault: 'drop_after', posted: true },
  { fault: 'error_408', posted: false },
  { fault: 'error_before', posted: false },
  { fault: 'error_after', posted: true },
];
const definite: readonly WireFault[] = ['throttled_for', 'throttled', 'conflict'];

describe.each([...new Set(columns.map(({ platform }) => platform))])('on %s', (platform) => {
  let database: TestDatabase;
  let matrix: Matrix;

  beforeAll(async () => {
    database = await createTestDatabase();
    matrix = await Matrix.start(platform, database.ownerUrl);
  });
  afterEach(() => matrix.clear());
  afterAll(async () => {
    await matrix.close();
    await database.drop();
  });

  describe.each(columns.filter((column) => column.platform === platform))('$name', (column) => {
    const { target, reads, proof, later = proof } = column;
    const policiesOf = (found: Proof) => (found === 'none' ? policies : policies.slice(0, 1));
    const begin = () => matrix.letRead(reads);

    it('before the enqueue is committed: nothing exists, and the caller’s repeat makes one delivery', async () => {
      begin();
      const request: NotificationRequest = {
        ...matrix.requestTo(target, 'hold'),
        request: { key: `key of ${column.name}`, fingerprint: 'same' },
      };
      const { tenantId } = matrix.tenant;
      const { database: shared, time } = matrix.world;
      const now = new Date(time.now());
      const crash = shared.inTenant(tenantId, async (tx) => {
        await enqueueNotification(tx, request, now);
        throw new Error('the caller died before the commit');
      });
      await expect(crash).rejects.toThrow('died');
      expect(await matrix.world.unfinished()).toBe(0);
      const { notificationId } = await matrix.world.enqueue(matrix.tenant, request);
      const again = await matrix.world.enqueue(matrix.tenant, request);
      expect(again).toMatchObject({ notificationId, repeated: true });
      await matrix.goOn();
      expect(await matrix.outcome(notificationId)).toMatchObject(sentOnce);
    });

    it.each(noIntent)('queued or claimed, no intent (crash at $at): exactly once', async ({ points }) => {
      begin();
      const id = await matrix.tell(target);
      await matrix.dieAt(...points);
      await matrix.goOn();
      expect(await matrix.outcome(id)).toMatchObject(sentOnce);
    });

    describe.each(policiesOf(proof))('on_unknown %s', (policy) => {
      it.each(neverOnTheWire)('intent committed, never on the wire (crash at $at)', async ({ points }) => {
        begin();
        const id = await matrix.tell(target, policy);
        await matrix.dieAt(...points);
        await matrix.goOn();
        expect(await matrix.outcome(id)).toMatchObject(promised(proof, policy, false));
      });

      it.each(ambiguous)('on the wire, $fault', async ({ fault, posted }) => {
        begin();
        const id = await matrix.tell(target, policy);
        matrix.meet(fault);
        await matrix.goOn();
        expect(await matrix.outcome(id)).toMatchObject(promised(proof, policy, posted));
      });

      it.each(accepted)(
        'accepted by the platform, crash before the outcome is committed (at $at)',
        async ({ points }) => {
          begin();
          const id = await matrix.tell(target, policy);
          await matrix.dieAt(...points);
          await matrix.goOn();
          expect(await matrix.outcome(id)).toMatchObject(promised(proof, policy, true));
        },
      );
    });

    it.each(unlearned)(
      'the outcome is committed, crash before the worker learns it (at $at): exactly once',
      async ({ points }) => {
        begin();
        const id = await matrix.tell(target);
        await matrix.dieAt(...points);
        await matrix.goOn();
        expect(await matrix.outcome(id)).toMatchObject(sentOnce);
      },
    );

    it.each(definite)(
      '%s: certainly not posted, again after the wait, no attempt is spent',
      async (fault) => {
        begin();
        const id = await matrix.tell(target);
        matrix.meet(fault, fault);
        await matrix.goOn();
        expect(await matrix.outcome(id)).toMatchObject({
          ...sentOnce,
          log: ['rejected', 'rejected', 'sent'],
        });
        const [first = 0, second = 0] = matrix.posts;
        expect(matrix.posts).toHaveLength(3);
        if (fault === 'throttled_for') expect(second - first).toBeGreaterThanOrEqual(2_000);
      },
    );

    describe.each(policiesOf(proof))('a worker that stands still, on_unknown %s', (policy) => {
      it.each(['after_intent', 'before_wire'] as const)(
        'before it sends (%s): it does not send any more',
        async (point) => {
          begin();
          const id = await matrix.tell(target, policy);
          await matrix.standStillAt(point, 30_000);
          await matrix.goOn();
          await matrix.pass(60_000);
          expect(await matrix.outcome(id)).toMatchObject(promised(proof, policy, false));
        },
      );

      it('after it sent: what it knows is still recorded, and the surplus deleted', async () => {
        begin();
        const id = await matrix.tell(target, policy);
        await matrix.standStillAt('after_wire', 30_000);
        await matrix.goOn();
        expect(await matrix.outcome(id)).toMatchObject(promised(proof, policy, true));
        await matrix.pass(60_000);
        const known = proof === 'none' ? { status: 'sent', errorCode: null } : promised(proof, policy, true);
        expect(await matrix.outcome(id)).toMatchObject({ ...known, visible: 1, isKnown: true });
      });
    });

    it('a refusal that is recorded late does not release another worker’s try', async () => {
      begin();
      const id = await matrix.tell(target, proof === 'none' ? 'resend' : 'hold');
      matrix.meet('throttled');
      await matrix.standStillAt('after_wire', 40_000);
      await matrix.dieAt('request_done');
      await matrix.pass(60_000);
      await matrix.goOn();
      const attempts = { repeat: 1, 'look-up': 2, none: 3 }[proof];
      expect(await matrix.outcome(id)).toMatchObject({ ...promised(proof, 'resend', true), attempts });
    });

    describe.each(policiesOf(later))('outage beyond the window, on_unknown %s', (policy) => {
      it.each(outage)('crash at $at, and nobody works for hours', async ({ at, posted }) => {
        begin();
        const id = await matrix.tell(target, policy);
        await matrix.dieAt(at);
        await matrix.pass(wholeHours);
        await matrix.goOn();
        expect(await matrix.outcome(id)).toMatchObject(promised(later, policy, posted));
      });
    });
  });

  it('a successor keeps the order of a conversation whose first delivery waits to go again', async () => {
    matrix.letRead('everything');
    const first = await matrix.tell('group');
    await matrix.pass(1);
    const second = await matrix.tell('group');
    // By then the wait is longer than the lease.
    const refusals = 6;
    matrix.meet(...Array.from({ length: refusals }, () => 'conflict' as const));
    await matrix.dieAt(...Array.from({ length: refusals }, () => 'after_outcome' as const));
    await matrix.goOn();
    expect(await matrix.seen(first, second)).toEqual([first, second]);
  });

  it.runIf(platform === 'teams')('a successor counts what its predecessor sent', async () => {
    // 60 in 30 s and conversation: the predecessor uses them up.
    const ids: string[] = [];
    for (let count = 0; count < 70; count += 1) ids.push(await matrix.tell('group', 'resend'));
    matrix.letRead('everything');
    await matrix.dieAfterPosts(57);
    await matrix.goOn();
    expect(matrix.posts.length).toBeGreaterThanOrEqual(ids.length);
    expect(matrix.postsThrottled).toBe(0);
  });
});
