/** Posting a notification: one request that can post, and an outcome that is never claimed to be known. */
import type { OutboundDelivery } from '../../src/kernel/notification.ts';
import type { SendOutcome } from '../../src/kernel/platform.ts';
import type { Clock } from '../../src/kernel/ports.ts';
import { remember } from '../shared/remember.ts';
import type { BotCalls } from './bot-calls.ts';
import type { DirectConversations } from './direct-conversations.ts';
import { isFalseRepeat, outcomeOfPost, traced } from './errors.ts';
import { metadataOf } from './metadata.ts';
import { renderMessage, renderReduced } from './render.ts';
import { answerOf } from './web-api.ts';

export class Deliverer {
  readonly #calls: BotCalls;
  readonly #conversations: DirectConversations;
  readonly #clock: Clock;
  /** Registrations and tokens that Slack took for repeats without knowing of what. */
  readonly #falseRepeats = new Map<string, true>();

  constructor(calls: BotCalls, conversations: DirectConversations, clock: Clock) {
    this.#calls = calls;
    this.#conversations = conversations;
    this.#clock = clock;
  }

  async deliver(delivery: OutboundDelivery): Promise<SendOutcome> {
    const { registration, destination, token, timeoutMs } = delivery;
    const key = `${registration.registrationId} ${token}`;
    const args = argumentsOf(delivery, !this.#falseRepeats.has(key));
    const called = await this.#calls.call(registration, 'chat.postMessage', args, timeoutMs);
    if (!called.ok) return called.outcome;
    const { result } = called;
    if (isFalseRepeat(result)) remember(this.#falseRepeats, key, true);
    this.#conversations.keep(registration, destination.id, answerOf(result)?.channel);
    return traced(outcomeOfPost(result, this.#clock.now()), result);
  }
}

/**
 * Never in a thread. Slack is not known to drop repeats by `client_msg_id`, which is in no list of arguments
 * (https://github.com/slackapi/slack-api-specs/issues/10); should it do so, so much the better.
 * @param identified false where Slack refused it with that id
 */
function argumentsOf(
  { destination, message, reduced, token }: OutboundDelivery,
  identified: boolean,
): object {
  return {
    channel: destination.id,
    ...(reduced ? { ...renderReduced(message), mrkdwn: false } : renderMessage(message)),
    unfurl_links: false,
    unfurl_media: false,
    metadata: metadataOf(token),
    ...(identified ? { client_msg_id: token } : {}),
  };
}
