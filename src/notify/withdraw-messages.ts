/** Takes messages back from the platforms: of withdrawn notifications, and copies that came out of a resend. */
import type { Database } from '../infra/database.ts';
import { newId } from '../kernel/ids.ts';
import type { Destination } from '../kernel/notification.ts';
import type { BotPlatform, BotRuntime, PlatformRegistration, SendOutcome } from '../kernel/platform.ts';
import type { Log } from '../kernel/ports.ts';
import { overrideLimits } from '../kernel/rate-limit.ts';
import type { RegistrationDirectory } from '../registrations/app-directory.ts';
import { createdAtOf } from './delivery-id.ts';
import { callTimeoutMs } from './lane.ts';
import { skipReady } from './manage-delivery-store.ts';
import type { MessageComposer } from './message-composer.ts';
import { insertAttempts } from './outcome-store.ts';
import { LanePacer } from './pacing.ts';
import type { NotifierTime } from './time.ts';
import {
  type DueWithdrawal,
  findDueWithdrawals,
  markMessageWithdrawn,
  planWithdrawal,
  readSent,
  readSurplus,
  type SentMessage,
  takeWithdrawal,
} from './withdrawal-store.ts';

export interface WithdrawDependencies {
  database: Database;
  time: NotifierTime;
  log: Log;
  composer: MessageComposer;
  registrations: Pick<RegistrationDirectory, 'find'>;
  platforms: ReadonlyMap<string, Pick<BotPlatform, 'addressing' | 'limits'>>;
  runtime: (platform: string) => Promise<Pick<BotRuntime, 'withdraw'>>;
}

/** What is kept from one time to the next, by registration. */
export class WithdrawalPace {
  /** Until when the platform wants no more; what one message was told holds for the others. */
  readonly holds = new Map<string, number>();
  /** This process's calls; with several processes a refusal tells of the others'. */
  readonly pacers = new Map<string, LanePacer>();
}

type Dependencies = WithdrawDependencies & { pace: WithdrawalPace };

const batch = 100;
const concurrency = 4;
/** How long one is taken for; a crash leaves it to the next after that. */
const takenMs = 30_000;
/** A delivery that is on the wire is looked at again after this. */
const onTheWireMs = 5_000;

/** Takes back what is due, of every tenant. @returns how many were taken up */
export async function withdrawDue(deps: Dependencies): Promise<number> {
  const queue = await findDueWithdrawals(deps.database.directory, new Date(deps.time.now()), batch);
  const count = queue.length;
  const worker = async () => {
    for (let due = queue.shift(); due !== undefined; due = queue.shift()) {
      await withdrawOne(deps, due).catch((error: unknown) => {
        deps.log.warn(
          { delivery_id: due?.deliveryId, err: error },
          'a message was not taken back; it is tried again',
        );
      });
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return count;
}

async function withdrawOne(deps: Dependencies, due: DueWithdrawal): Promise<void> {
  const { database, time } = deps;
  const now = time.now();
  const taken = await database.inTenant(due.tenantId, async (tx) => {
    if (!(await takeWithdrawal(tx, due, new Date(now), new Date(now + takenMs)))) return null;
    const sent = await readSent(tx, due.deliveryId, createdAtOf(due.deliveryId));
    if (sent?.status === 'queued') {
      // Put back since, and never to be sent; or still on the wire, and asked for again.
      const key = { delivery_id: due.deliveryId, created_at: createdAtOf(due.deliveryId) };
      const skipped = await skipReady(tx, due.kind === 'withdraw' ? [key] : [], 'withdrawn');
      planWithdrawal(tx, due, skipped.size > 0 ? null : new Date(now + onTheWireMs));
      return null;
    }
    const heldUntil = deps.pace.holds.get(sent?.registrationId ?? '') ?? 0;
    if (heldUntil > now) {
      planWithdrawal(tx, due, new Date(heldUntil));
      return null;
    }
    const messageIds =
      sent === null ? [] : await messagesOf(due, sent, () => readSurplus(tx, due.deliveryId));
    if (sent === null || messageIds.length === 0) {
      planWithdrawal(tx, due, null);
      return null;
    }
    return { sent, messageIds };
  });
  if (taken === null) return;
  const again: number[] = [];
  for (const messageId of taken.messageIds) {
    const at = await takeBack(deps, due, taken.sent, messageId);
    if (at !== null) again.push(at.getTime());
  }
  await database.inTenant(due.tenantId, async (tx) => {
    // Copies may have been found meanwhile.
    const left = due.kind === 'surplus' && again.length === 0 ? await readSurplus(tx, due.deliveryId) : [];
    if (left.length > 0) again.push(deps.time.now());
    planWithdrawal(tx, due, again.length === 0 ? null : new Date(Math.min(...again)));
  });
}

async function messagesOf(
  due: DueWithdrawal,
  sent: SentMessage,
  surplus: () => Promise<string[]>,
): Promise<string[]> {
  if (due.kind === 'surplus') return await surplus();
  const isThere = (sent.status === 'sent' || sent.status === 'delivered') && sent.withdrawnAt === null;
  return isThere && sent.messageId !== null ? [sent.messageId] : [];
}

/** @returns when to try again; null: it is over */
async function takeBack(
  deps: Dependencies,
  due: DueWithdrawal,
  sent: SentMessage,
  messageId: string,
): Promise<Date | null> {
  const { database, time } = deps;
  const outcome = await callPlatform(deps, due, sent, messageId);
  const now = time.now();
  const again = againAt(outcome, now);
  if (again !== null && sent.registrationId !== null && isThrottled(outcome))
    deps.pace.holds.set(sent.registrationId, again.getTime());
  if (again !== null) return again;
  await database.inTenant(due.tenantId, async (tx) => {
    const gone = outcome.result === 'sent';
    if (gone && due.kind === 'withdraw') {
      markMessageWithdrawn(tx, due.deliveryId, createdAtOf(due.deliveryId), new Date(now));
    }
    insertAttempts(tx, [
      {
        attemptId: newId(),
        deliveryId: due.deliveryId,
        at: new Date(now),
        attemptNo: sent.attempts,
        tryNo: 0,
        laneId: sent.registrationId ?? '',
        conversationKey: null,
        operation: null,
        startedAt: null,
        outcome: gone ? 'withdrawn' : 'rejected',
        errorCode: outcome.result === 'rejected' ? outcome.code : null,
        detail: gone ? null : 'The message could not be taken back.',
        messageId,
        requestId: null,
      },
    ]);
  });
  return null;
}

async function callPlatform(
  deps: Dependencies,
  { tenantId }: DueWithdrawal,
  sent: SentMessage,
  messageId: string,
): Promise<SendOutcome> {
  const { registrations, runtime, composer, time } = deps;
  const { registrationId, platform, destinationType, destinationId, reference, locale } = sent;
  const nowhere = { result: 'rejected', code: 'not_found', retryable: false } as const;
  if (registrationId === null || platform === null || destinationType === null || destinationId === null)
    return nowhere;
  const registration = await registrations.find(tenantId, registrationId);
  if (registration === null) return nowhere;
  const destination = { type: destinationType, id: destinationId };
  const counted = count(deps, registration, destination);
  // As if the platform had said so.
  if ('waitMs' in counted)
    return { result: 'rejected', code: 'throttled', retryable: true, retryAfterMs: counted.waitMs };
  const outcome = await (await runtime(platform)).withdraw({
    registration,
    destination,
    reference,
    messageId,
    replacement: await composer.composeWithdrawn(tenantId, locale),
    timeoutMs: callTimeoutMs,
  });
  if (outcome.result !== 'unknown') counted.answered(time.now());
  return outcome;
}

/** Counts a call by the platform's published limits, or says how long it has to wait for them. */
function count(
  { platforms, pace, time }: Dependencies,
  { platform, registrationId, options }: PlatformRegistration,
  destination: Destination,
): { waitMs: number } | { answered: (at: number) => void } {
  const { addressing, limits } = platforms.get(platform) ?? {};
  const call = addressing?.withdrawing(destination) ?? null;
  if (call === null || limits === undefined) return { answered: () => undefined };
  const pacer =
    pace.pacers.get(registrationId) ?? new LanePacer({ limits: overrideLimits(limits, options.limits) });
  pace.pacers.set(registrationId, pacer);
  const now = time.now();
  const waitMs = pacer.earliest(now, call.conversation, call.operation) - now;
  if (waitMs > 0) return { waitMs };
  const charge = pacer.charge(now, call.conversation, now + callTimeoutMs, call.operation);
  return { answered: (at) => pacer.settle(charge, at) };
}

function isThrottled(outcome: SendOutcome): boolean {
  return outcome.result === 'rejected' && outcome.code === 'throttled';
}

/** When to try again; deleting twice does no harm, so an unknown outcome is tried again too. Null: it is over. */
function againAt(outcome: SendOutcome, now: number): Date | null {
  if (outcome.result === 'sent') return null;
  if (outcome.result === 'unknown') return new Date(now + 10_000);
  return outcome.retryable ? new Date(now + (outcome.retryAfterMs ?? 30_000)) : null;
}
