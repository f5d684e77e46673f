/** The sweep behind every reply: what a crash, a throttled platform or a lost answer left unsent is sent here. */
import type { RegistrationDirectory } from '../registrations/app-directory.ts';
import { dueReplies, failReply, forgetDueReply, type PendingReply, takeOverReply } from './receipt-store.ts';
import { type SendDependencies, sendReply } from './send-reply.ts';

export interface ResendDependencies extends SendDependencies {
  registrations: RegistrationDirectory;
}

const batchSize = 200;
/** Sends at the same time: a backlog after an outage must not wait for one slow conversation. */
const concurrency = 8;
/** How long a sweep has for one reply before another may take it over: a token and a send, each at most 5 s. */
const windowMs = 12_000;

/** Sends what is due, of every tenant. @returns how many were taken over */
export async function resendReplies(deps: ResendDependencies): Promise<number> {
  const due = await dueReplies(deps.database.directory, deps.clock.now(), batchSize);
  let sent = 0;
  const queue = [...due];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      if (await resendOne(deps, item.tenant_id, item.item_id)) sent += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return sent;
}

async function resendOne(deps: ResendDependencies, tenantId: string, receiptId: string): Promise<boolean> {
  const now = deps.clock.now();
  const pending = await deps.database.inTenant(tenantId, async (tx) => {
    const taken = await takeOverReply(tx, receiptId, now, new Date(now.getTime() + windowMs));
    if (taken === null) await forgetDueReply(tx, receiptId, now);
    return taken;
  });
  if (pending === null) return false;
  const registration = await deps.registrations.find(tenantId, pending.registrationId);
  const message = messageOf(pending);
  if (registration === null || message === null) {
    await deps.database.inTenant(tenantId, async (tx) => {
      const errorCode = registration === null ? 'registration_inactive' : 'payload_rejected';
      await failReply(tx, receiptId, { attempts: pending.attempts, errorCode });
    });
    return false;
  }
  const updateMessageId = pending.reply.updateMessageId ?? null;
  await sendReply(deps, { ...pending, registration, message, updateMessageId });
  return true;
}

/** A message as it is; an answer that may have reached nobody becomes a message. */
function messageOf(pending: PendingReply) {
  const { message, answer } = pending.reply;
  if (message !== undefined) return message;
  return answer?.kind === 'card' || answer?.kind === 'done' ? answer.message : null;
}
