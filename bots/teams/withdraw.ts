/** Taking a message of ours back: deleted, or where that is refused replaced. */
import type { ConversationReference } from '../../src/kernel/activity.ts';
import type { Message } from '../../src/kernel/message.ts';
import type { Destination } from '../../src/kernel/notification.ts';
import type { PlatformRegistration, SendOutcome } from '../../src/kernel/platform.ts';
import { misconfigured } from '../shared/outcomes.ts';
import type { AuthorizedCall } from './authorized-call.ts';
import type { TeamsCalls } from './calls.ts';
import { conversationOf } from './deliver.ts';
import { outcomeOf, repeatable } from './errors.ts';
import { connectorUrl } from './hosts.ts';
import { renderMessage } from './render.ts';

export interface SentMessage {
  registration: PlatformRegistration;
  destination: Destination;
  reference: ConversationReference | null;
  messageId: string;
  replacement: Message;
  timeoutMs: number;
}

/**
 * `sent` = it is gone or replaced. Both calls can be repeated, so that no outcome is unknown. What stands in the
 * activity feed has no id and cannot be taken back.
 */
export async function withdraw(calls: TeamsCalls, sent: SentMessage): Promise<SendOutcome> {
  const { registration, destination, reference, messageId } = sent;
  const conversation = conversationOf(destination, reference);
  if (destination.type === 'teams_feed' || conversation === null) {
    return { result: 'rejected', code: 'not_found', retryable: false };
  }
  const serviceUrl = connectorUrl(registration, reference?.serviceUrl ?? null, calls.settings);
  if (serviceUrl === null) return misconfigured();
  // A post of ours is the root of a thread, under whose name its own activities are known.
  const thread = destination.type === 'teams_channel' ? `;messageid=${messageId}` : '';
  const id = encodeURIComponent(messageId);
  const url = `${serviceUrl}/v3/conversations/${encodeURIComponent(conversation + thread)}/activities/${id}`;
  const deleted = await change(calls, sent, { method: 'DELETE', url });
  if (deleted.result !== 'rejected' || deleted.retryable || refusesBoth(deleted)) return deleted;
  const body = JSON.stringify({
    ...renderMessage(sent.replacement),
    id: messageId,
    from: { id: reference?.botId ?? `28:${registration.appId}`, name: '' },
  });
  return await change(calls, sent, { method: 'PUT', url, body });
}

async function change(
  calls: TeamsCalls,
  { registration, messageId, timeoutMs }: SentMessage,
  call: AuthorizedCall,
): Promise<SendOutcome> {
  const answer = await calls.connector.call(registration, call, timeoutMs);
  if (!answer.ok) return answer.outcome;
  const { result } = answer;
  const gone: SendOutcome = { result: 'sent', messageId };
  if (result.kind === 'answered' && result.status === 404) return gone;
  const outcome = repeatable(outcomeOf(result, true, calls.clock.now()));
  return outcome.result === 'sent' ? gone : outcome;
}

/** The replacement would be refused in the same way. */
function refusesBoth({ code }: { code: string }): boolean {
  return code === 'registration_misconfigured' || code === 'blocked_by_user';
}
