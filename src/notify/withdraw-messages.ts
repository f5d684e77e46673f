/** Takes messages back from the platforms: of withdrawn notifications, and copies that came out of a resend. */
import type { Database } from '../infra/database.ts';
import { newId } from '../kernel/ids.ts';
import type { BotRuntime, SendOutcome } from '../kernel/platform.ts';
import type { Log } from '../kernel/ports.ts';
import type { RegistrationDirectory } from '../registrations/app-directory.ts';
import { createdAtOf } from './delivery-id.ts';
import { callTimeoutMs } from './lane.ts';
import { skipReady } from './manage-delivery-store.ts';
import type { MessageComposer } from './message-composer.ts';
import { insertAttempts } from './outcome-store.ts';
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
  runtime: (platform: string) => Promise<Pick<BotRuntime, 'withdraw'>>;
}

/** By registration until when the platform wants no more of it; what one message was told holds for the others. */
export type WithdrawalHolds = Map<string, number>;

type Dependencies = WithdrawDependencies & { holds: WithdrawalHolds };

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
    const heldUntil = deps.holds.get(sent?.registrationId ?? '') ?? 0;
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
    deps.holds.set(sent.registrationId, again.getTime());
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
  { registrations, runtime, composer }: WithdrawDependencies,
  { tenantId }: DueWithdrawal,
  sent: SentMessage,
  messageId: string,
): Promise<SendOutcome> {
  const { registrationId, platform, destinationType, destinationId, reference, locale } = sent;
  const nowhere = { result: 'rejected', code: 'not_found', retryable: false } as const;
  if (registrationId === null || platform === null || destinationType === null || destinationId === null)
    return nowhere;
  const registration = await registrations.find(tenantId, registrationId);
  if (registration === null) return nowhere;
  return await (await runtime(platform)).withdraw({
    registration,
    destination: { type: destinationType, id: destinationId },
    reference,
    messageId,
    replacement: await composer.composeWithdrawn(tenantId, locale),
    timeoutMs: callTimeoutMs,
  });
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
