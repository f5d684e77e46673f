/** Taking messages back from a platform that will not have so many at once. */
import { expect, test } from 'vitest';
import { slack } from '../../../bots/slack/index.ts';
import type { SendOutcome } from '../../../src/kernel/platform.ts';
import { enqueueNotification } from '../../../src/notify/enqueue.ts';
import { expandDue } from '../../../src/notify/expand-audience.ts';
import { MessageComposer } from '../../../src/notify/message-composer.ts';
import { WithdrawalPace, withdrawDue } from '../../../src/notify/withdraw-messages.ts';
import { RegistrationDirectory } from '../../../src/registrations/app-directory.ts';
import { announcement, at, deps, NotifyTenant, now, openDatabase, secrets } from './notify-fixture.ts';

const people = 20;
/** How many are taken back at once, at most. */
const concurrency = 4;

/** A platform that answers what it is told to, otherwise that it is done; and tenants with messages to take back. */
async function openScene() {
  const { database, close } = await openDatabase();
  let time = now;
  const clock = { now: () => time };
  const calls: string[] = [];
  const answers: SendOutcome[] = [];
  const withdrawing = {
    database,
    log: deps.log,
    composer: new MessageComposer({ database, clock, publicUrl: 'https://desk.test', nonce: () => '' }),
    registrations: new RegistrationDirectory({ database, secrets, clock, demoTenantId: null }),
    time: { now: () => time.getTime(), monotonic: () => time.getTime(), wait: async () => undefined },
    platforms: new Map([['slack', slack]]),
    runtime: async () => ({
      withdraw: async ({
        registration,
      }: {
        registration: { registrationId: string };
      }): Promise<SendOutcome> => {
        calls.push(registration.registrationId);
        return answers.shift() ?? { result: 'sent', messageId: null };
      },
    }),
    pace: new WithdrawalPace(),
  };
  const sentTo = async (count: number) => {
    const tenant = await NotifyTenant.create(database);
    const laneId = await tenant.registration('slack');
    await tenant.crowd(count, laneId);
    const to = [{ everyone: true as const }];
    await tenant.within((tx) => enqueueNotification(tx, { ...announcement, to }, now));
    await expandDue({ ...deps, database, clock: { now: () => now } });
    await tenant.within(async (tx) => {
      await tx.execute('delete from delivery_ready where tenant_id = $1', [tx.tenantId]);
      await tx.execute(
        `with sent as (
           update deliveries set status = 'sent', provider_message_id = 'm' || delivery_id
            where tenant_id = $1 and status = 'queued' returning delivery_id)
         insert into due_work (kind, tenant_id, item_id, due_at) select 'withdraw', $1, delivery_id, $2 from sent`,
        [tx.tenantId, now],
      );
    });
    const left = () =>
      tenant.within((tx) =>
        tx.query<{ due_at: Date }>(`select due_at from due_work where kind = 'withdraw' and tenant_id = $1`, [
          tx.tenantId,
        ]),
      );
    return { laneId, left };
  };
  const goTo = (ms: number) => {
    time = at(ms);
  };
  return { withdraw: () => withdrawDue(withdrawing), calls, answers, sentTo, goTo, close };
}

test('what one message was told to wait for holds for the others of the registration, and for no other', async () => {
  const { withdraw, calls, answers, sentTo, goTo, close } = await openScene();
  try {
    answers.push({ result: 'rejected', code: 'throttled', retryable: true, retryAfterMs: 60_000 });
    const busy = await sentTo(people);
    await withdraw();
    expect(calls.length).toBeLessThanOrEqual(concurrency);
    const held = await busy.left();
    expect(held.length).toBeGreaterThanOrEqual(people - concurrency);
    expect(held).toEqual(held.map(() => ({ due_at: at(60_000) })));

    const other = await sentTo(2);
    calls.length = 0;
    await withdraw();
    expect(calls).toEqual([other.laneId, other.laneId]);

    goTo(60_000);
    calls.length = 0;
    await withdraw();
    expect(calls).toHaveLength(held.length);
    expect(await busy.left()).toEqual([]);
  } finally {
    await close();
  }
});

test('as many are taken back as the platform publishes, and the others when it takes more', async () => {
  const { withdraw, calls, sentTo, goTo, close } = await openScene();
  try {
    // Slack's tier 3: 50 a minute, of which a tenth is not used.
    const [busy, other] = [await sentTo(60), await sentTo(2)];
    await withdraw();
    expect(calls.filter((id) => id === busy.laneId)).toHaveLength(45);
    expect(calls.filter((id) => id === other.laneId)).toHaveLength(2);
    const left = (await busy.left()).map(({ due_at }) => due_at.getTime());
    expect(Math.min(...left)).toBeGreaterThanOrEqual(at(60_000).getTime());
    goTo(59_000);
    await withdraw();
    expect(calls).toHaveLength(47);
    goTo(65_000);
    await withdraw();
    expect(calls).toHaveLength(62);
    expect(await busy.left()).toEqual([]);
  } finally {
    await close();
  }
});
