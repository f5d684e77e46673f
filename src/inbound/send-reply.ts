/** Sends the message of a committed reply, once, and records what became of it. */
import { retireConversation } from '../conversations/retire-reference.ts';
import type { Database } from '../infra/database.ts';
import type { ConversationReference } from '../kernel/activity.ts';
import type { Message } from '../kernel/message.ts';
import type { BotRuntime, PlatformRegistration, SendOutcome } from '../kernel/platform.ts';
import type { Clock, Log } from '../kernel/ports.ts';
import { failReply, postponeReply } from './receipt-store.ts';
import type { ReplyRecords } from './record-replies.ts';

export interface SendDependencies {
  database: Database;
  records: ReplyRecords;
  clock: Clock;
  log: Log;
  /** The runtime of a platform, loaded at its first use. */
  runtime: (platform: string) => Promise<BotRuntime>;
  onThrottled: (platform: string) => void;
  /** The platform took a reply: whoever paces its organization counts it. */
  onSent: (reply: ReplyToSend) => void;
}

/** A message of a receipt, ready for its next try. */
export interface ReplyToSend {
  registration: PlatformRegistration;
  receiptId: string;
  message: Message;
  updateMessageId: string | null;
  reference: ConversationReference;
  replyToMessageId: string | null;
  /** As in the activity, for the process that committed it alone. */
  responseUrl?: string | null;
  /** How often a sweep took it over; 0 for the process that committed it. */
  attempts: number;
  /** An earlier try may have been posted. */
  ambiguous: boolean;
  claimedAt: Date;
}

/** After this long an unsent reply is given up. */
const giveUpAfterMs = 86_400_000;
/** After an ambiguous outcome: what was accepted late must have become visible first. */
const settleMs = 5_000;
const firstRetryMs = 1_000;
const maxRetryDelayMs = 3_600_000;

/** Tries once. Never throws: what is not recorded is sent again by the sweep, a doubled reply at worst. */
export async function sendReply(deps: SendDependencies, reply: ReplyToSend): Promise<SendOutcome | null> {
  const { registration, receiptId } = reply;
  try {
    const runtime = await deps.runtime(registration.platform);
    const outcome = await sendOrPost(runtime, reply);
    await recordOutcome(deps, reply, outcome);
    return outcome;
  } catch (error) {
    deps.log.warn(
      { receipt_id: receiptId, platform: registration.platform, err: error },
      'a reply was not recorded',
    );
    return null;
  }
}

/** Sends; a card that is gone, or was visible to one person for a while only, cannot be replaced: then it is posted. */
async function sendOrPost(runtime: BotRuntime, reply: ReplyToSend): Promise<SendOutcome> {
  const outcome = await runtime.send({ ...reply, token: reply.receiptId });
  const isGone = outcome.result === 'rejected' && outcome.code === 'not_found' && !outcome.referenceGone;
  if (reply.updateMessageId === null || !isGone) return outcome;
  return await runtime.send({ ...reply, updateMessageId: null, responseUrl: null, token: reply.receiptId });
}

async function recordOutcome(
  deps: SendDependencies,
  reply: ReplyToSend,
  outcome: SendOutcome,
): Promise<void> {
  const { registration, receiptId, attempts } = reply;
  const now = deps.clock.now();
  if (outcome.result === 'sent') {
    deps.onSent(reply);
    const { messageId } = outcome;
    return await deps.records.add(registration.tenantId, { receiptId, attempts, messageId, sentAt: now });
  }
  await deps.database.inTenant(
    registration.tenantId,
    async (tx) => {
      const next = nextTry(reply, outcome, now);
      if (next === null) await failReply(tx, receiptId, { attempts, errorCode: outcome.code });
      else postponeReply(tx, receiptId, { attempts, errorCode: outcome.code, ...next });
      if (outcome.result === 'rejected' && outcome.referenceGone) {
        const { platformConversationId } = reply.reference;
        await retireConversation(tx, registration.registrationId, platformConversationId, outcome.code);
      }
    },
    // Losing this record in a crash of the database costs a doubled reply, which a crash may cost anyway.
    { durable: false },
  );
  report(deps, reply, outcome);
}

/** When to try again; null = never: refused for good, twice ambiguous, or too old. */
export function nextTry(
  reply: Pick<ReplyToSend, 'ambiguous' | 'claimedAt'>,
  outcome: Exclude<SendOutcome, { result: 'sent' }>,
  now: Date,
): { at: Date; ambiguous: boolean } | null {
  if (now.getTime() - reply.claimedAt.getTime() > giveUpAfterMs) return null;
  if (outcome.result === 'unknown') {
    // Once more, since silence is worse than a doubled reply; never a third time.
    return reply.ambiguous ? null : { at: new Date(now.getTime() + settleMs), ambiguous: true };
  }
  if (!outcome.retryable) return null;
  // By its age and not by its tries: those that a crash cut off say nothing about the platform.
  const age = now.getTime() - reply.claimedAt.getTime();
  const backoff = Math.min(Math.max(age / 8, firstRetryMs), maxRetryDelayMs);
  return { at: new Date(now.getTime() + (outcome.retryAfterMs ?? backoff)), ambiguous: reply.ambiguous };
}

function report(
  deps: SendDependencies,
  reply: ReplyToSend,
  outcome: Exclude<SendOutcome, { result: 'sent' }>,
): void {
  if (outcome.code === 'throttled') deps.onThrottled(reply.registration.platform);
  const { registration, receiptId } = reply;
  deps.log.warn(
    { receipt_id: receiptId, platform: registration.platform, result: outcome.result, code: outcome.code },
    'a reply was not accepted',
  );
}
