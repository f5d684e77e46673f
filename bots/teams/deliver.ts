/** Posting a notification: a message in a chat or channel, or an entry of a person's activity feed. */

import type { ConversationReference } from '../../src/kernel/activity.ts';
import type { Destination, OutboundDelivery } from '../../src/kernel/notification.ts';
import type { SendOutcome } from '../../src/kernel/platform.ts';
import { misconfigured } from '../shared/outcomes.ts';
import { remember } from '../shared/remember.ts';
import { isConversationId } from './addressing.ts';
import type { TeamsCalls } from './calls.ts';
import { isOtherRegion, outcomeOf } from './errors.ts';
import { feedNotification } from './feed.ts';
import { outcomeOfFeed } from './graph-errors.ts';
import { connectorUrl, graphUrl } from './hosts.ts';
import { renderMessage } from './render.ts';

/** A rendering that was refused is tried once more with title and text alone, in no more than this. */
const maxReducedBytes = 8_000;

/** Makes one request that can post, besides the token's when none is cached. */
export function deliver(calls: TeamsCalls, delivery: OutboundDelivery): Promise<SendOutcome> {
  return delivery.destination.type === 'teams_feed' ? notify(calls, delivery) : post(calls, delivery);
}

/** The conversation that the connector knows; null for a person whose chat was not opened yet. */
export function conversationOf(
  destination: Destination,
  reference: ConversationReference | null,
): string | null {
  // Without its thread: a notification in a channel is a post of its own, not a reply to what was last spoken of.
  if (reference !== null) return reference.platformConversationId;
  return isConversationId(destination.id) ? destination.id : null;
}

async function post(calls: TeamsCalls, delivery: OutboundDelivery): Promise<SendOutcome> {
  const { registration, destination, reference, timeoutMs } = delivery;
  const conversation = conversationOf(destination, reference);
  if (conversation === null) {
    return { result: 'rejected', code: 'not_in_conversation', retryable: false };
  }
  const own = reference?.serviceUrl ?? null;
  const place = `${registration.registrationId}|${conversation}|${own}`;
  const serviceUrl = connectorUrl(registration, calls.moved.has(place) ? null : own, calls.settings);
  if (serviceUrl === null) return misconfigured();
  const url = `${serviceUrl}/v3/conversations/${encodeURIComponent(conversation)}/activities`;
  const body = JSON.stringify(activityOf(delivery));
  const answer = await calls.connector.call(registration, { method: 'POST', url, body }, timeoutMs);
  if (!answer.ok) return answer.outcome;
  const outcome = outcomeOf(answer.result, false, calls.clock.now());
  if (!isOtherRegion(answer.result) || own === null || calls.moved.has(place)) return outcome;
  // The person's next activity brings the new service URL; until then the one for all regions is tried.
  remember(calls.moved, place, true);
  const { detail } = outcome.result === 'rejected' ? outcome : {};
  const moved = { result: 'rejected', code: 'transient', retryable: true } as const;
  return detail === undefined ? moved : { ...moved, detail };
}

function activityOf({ registration, reference, message, token, reduced }: OutboundDelivery) {
  const { title, text } = message;
  const rendered = reduced
    ? renderMessage(text === undefined ? { title } : { title, text }, { token, maxBytes: maxReducedBytes })
    : renderMessage(message, { token });
  return { ...rendered, from: { id: reference?.botId ?? `28:${registration.appId}`, name: '' } };
}

async function notify(calls: TeamsCalls, delivery: OutboundDelivery): Promise<SendOutcome> {
  const { registration, destination, timeoutMs } = delivery;
  const base = graphUrl(registration, calls.settings);
  if (base === null) return misconfigured();
  const url = `${base}/users/${encodeURIComponent(destination.id)}/teamwork/sendActivityNotification`;
  const body = JSON.stringify(feedNotification(delivery));
  const answer = await calls.graph.call(registration, { method: 'POST', url, body }, timeoutMs);
  return answer.ok ? outcomeOfFeed(answer.result, calls.clock.now()) : answer.outcome;
}
