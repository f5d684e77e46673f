/** People's direct conversations with the bot by user id: reading and deleting take the conversation's own id. */
import type { PlatformRegistration } from '../../src/kernel/platform.ts';
import { isObject } from '../shared/json.ts';
import { remember } from '../shared/remember.ts';
import type { BotCalls, CallResult } from './bot-calls.ts';
import { answerOf } from './web-api.ts';

export type FoundConversation =
  | { ok: true; channel: string }
  /** What the call that was to tell it came to. */
  | { ok: false; called: CallResult };

const unreadable: CallResult = {
  ok: false,
  outcome: { result: 'rejected', code: 'server_error', retryable: true },
};

/** Keeps what Slack said; a person has one direct conversation with a bot, for good. */
export class DirectConversations {
  readonly #calls: BotCalls;
  readonly #known = new Map<string, string>();

  constructor(calls: BotCalls) {
    this.#calls = calls;
  }

  /** Slack's answer to a post named the conversation. */
  keep(registration: PlatformRegistration, id: string, channel: unknown): void {
    if (!isPersonId(id) || typeof channel !== 'string' || !/^D[A-Z0-9]{1,60}$/.test(channel)) return;
    remember(this.#known, keyOf(registration, id), channel);
  }

  /**
   * The conversation behind a destination's id; of a person's, by `conversations.open` where it is not known, which
   * posts nothing and may be repeated (https://docs.slack.dev/reference/methods/conversations.open).
   */
  async find(registration: PlatformRegistration, id: string): Promise<FoundConversation> {
    if (!isPersonId(id)) return { ok: true, channel: id };
    const known = this.#known.get(keyOf(registration, id));
    if (known !== undefined) return { ok: true, channel: known };
    const called = await this.#calls.call(registration, 'conversations.open', { users: id });
    const answer = called.ok ? answerOf(called.result) : null;
    if (answer?.ok !== true) return { ok: false, called };
    const channel = isObject(answer.channel) ? answer.channel.id : null;
    if (typeof channel !== 'string') return { ok: false, called: unreadable };
    this.keep(registration, id, channel);
    return { ok: true, channel };
  }
}

function isPersonId(id: string): boolean {
  return /^[UW]/.test(id);
}

function keyOf({ registrationId }: PlatformRegistration, id: string): string {
  return `${registrationId} ${id}`;
}
