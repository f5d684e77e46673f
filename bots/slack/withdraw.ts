/** Taking a message of ours back: it is deleted, or, where Slack does not let that happen, replaced. */
import type { NotifierRuntime } from '../../src/kernel/notification.ts';
import type { SendOutcome } from '../../src/kernel/platform.ts';
import type { BotCalls, CallResult } from './bot-calls.ts';
import type { DirectConversations } from './direct-conversations.ts';
import { outcomeOf, traced } from './errors.ts';
import { renderMessage } from './render.ts';
import { errorOf } from './web-api.ts';

type Withdrawal = Parameters<NotifierRuntime['withdraw']>[0];

/**
 * Deletes the message (https://docs.slack.dev/reference/methods/chat.delete). A workspace may forbid that, e.g. for
 * its compliance exports: then it is updated. A message that is not there any more is as good as withdrawn. Whatever
 * it answers, calling it again does no harm.
 */
export async function withdrawMessage(
  calls: BotCalls,
  conversations: DirectConversations,
  { registration, destination, messageId: ts, replacement, timeoutMs }: Withdrawal,
  now: () => Date,
): Promise<SendOutcome> {
  const asked = { isUpdate: true, byPerson: false };
  const read = (called: CallResult): SendOutcome => {
    if (!called.ok) return called.outcome;
    if (errorOf(called.result) === 'message_not_found') return { result: 'sent', messageId: ts };
    return traced(outcomeOf(called.result, asked, now()), called.result);
  };
  const place = await conversations.find(registration, destination.id);
  // Nothing that could take it back has gone out by then.
  if (!place.ok) return certain(read(place.called));
  const { channel } = place;
  const deleted = read(await calls.call(registration, 'chat.delete', { channel, ts }, timeoutMs));
  if (deleted.result !== 'rejected' || !mayStillBeUpdated(deleted)) return deleted;
  const version = { channel, ts, ...renderMessage(replacement), parse: 'none' };
  return read(await calls.call(registration, 'chat.update', version, timeoutMs));
}

function certain(outcome: SendOutcome): SendOutcome {
  return outcome.result === 'rejected' ? outcome : { result: 'rejected', code: 'transient', retryable: true };
}

/** The refusal was of the deletion, not of the token or the conversation, and will not pass. */
function mayStillBeUpdated(refusal: Extract<SendOutcome, { result: 'rejected' }>): boolean {
  const { retryable, referenceGone, code } = refusal;
  return !retryable && !referenceGone && code !== 'unauthorized' && code !== 'registration_misconfigured';
}
