/** What became of a post whose answer got lost: the conversation is read for the message with our token. */
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { LookUp, OutboundDelivery, UnknownSend } from '../../src/kernel/notification.ts';
import type { Clock } from '../../src/kernel/ports.ts';
import type { HttpResult } from '../shared/http-call.ts';
import { isObject } from '../shared/json.ts';
import { remember } from '../shared/remember.ts';
import type { BotCalls, CallResult } from './bot-calls.ts';
import type { DirectConversations } from './direct-conversations.ts';
import { detailOf, outcomeOf, scopeLackedIn } from './errors.ts';
import { tokenOf } from './metadata.ts';
import { answerOf, errorOf } from './web-api.ts';

/** Slack stamps messages by its own clock, which ours may differ from by this much. */
const marginMs = 5 * 60_000;
/** Slack gives apps that are sold outside its marketplace 15, whatever is asked for. */
const pageSize = 100;
/** Pages of one look-up, which has to leave calls to others; what is left is read by the next one. */
const maxPages = 5;

/** One page of `conversations.history`. */
interface Page {
  messages: JsonObject[];
  /** There is more: where it goes on, or null where Slack does not say. */
  more: { cursor: string | null } | null;
}

/**
 * Reads the time in question, newest first, with the cursors that Slack gives
 * (https://docs.slack.dev/reference/methods/conversations.history). Where Slack makes it wait in between, the next
 * look-up goes on where this one stopped.
 */
export class MessageFinder {
  readonly #calls: BotCalls;
  readonly #conversations: DirectConversations;
  readonly #clock: Clock;
  readonly #cursors = new Map<string, string>();

  constructor(calls: BotCalls, conversations: DirectConversations, clock: Clock) {
    this.#calls = calls;
    this.#conversations = conversations;
    this.#clock = clock;
  }

  async find({ registration, destination, token }: OutboundDelivery, send: UnknownSend): Promise<LookUp> {
    const place = await this.#conversations.find(registration, destination.id);
    if (!place.ok) return this.#unread(place.called);
    const key = `${registration.registrationId} ${token} ${send.startedAt.getTime()}`;
    const span = spanOf(send);
    for (let pages = 0; pages < maxPages; pages += 1) {
      const cursor = this.#cursors.get(key);
      const from = cursor === undefined ? {} : { cursor };
      const args = { channel: place.channel, ...span, ...from };
      const called = await this.#calls.call(registration, 'conversations.history', args);
      const page = called.ok ? readPage(called.result) : null;
      if (page === null) return this.#failed(called, key);
      const found = page.messages.find((message) => isOurs(message, registration.appId, token));
      const { more } = page;
      if (more?.cursor) remember(this.#cursors, key, more.cursor);
      else this.#cursors.delete(key);
      if (found !== undefined) return foundAs(found);
      if (more === null) return { result: 'absent' };
      if (more.cursor === null) return unknowable('Slack did not show the whole time in question.');
    }
    return { result: 'later' };
  }

  #failed(called: CallResult, key: string): LookUp {
    // A cursor that has grown too old: from the beginning, next time.
    const isStale = called.ok && errorOf(called.result) === 'invalid_cursor' && this.#cursors.delete(key);
    return isStale ? { result: 'later' } : this.#unread(called);
  }

  /** Why nothing could be read, and whether it may be later. */
  #unread(called: CallResult): LookUp {
    const asked = { isUpdate: false, byPerson: false };
    const outcome = called.ok ? outcomeOf(called.result, asked, this.#clock.now()) : called.outcome;
    if (outcome.result !== 'rejected') return { result: 'later' };
    const { retryable, retryAfterMs } = outcome;
    if (retryable) return { result: 'later', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    if (!called.ok) return unknowable('The registration has no bot token that works.');
    return unknowable(reasonOf(called.result));
  }
}

/** From before the try until after its end, as Slack's time stamps. */
function spanOf({ startedAt, notAfter }: UnknownSend) {
  return {
    oldest: stampOf(startedAt.getTime() - marginMs),
    latest: stampOf(notAfter.getTime() + marginMs),
    inclusive: true,
    limit: pageSize,
    include_all_metadata: true,
  };
}

function stampOf(ms: number): string {
  return (Math.max(ms, 0) / 1000).toFixed(6);
}

/** Null when it is no page. */
function readPage(result: HttpResult): Page | null {
  const answer = answerOf(result);
  if (result.kind === 'failed' || result.status !== 200) return null;
  if (answer?.ok !== true || !Array.isArray(answer.messages)) return null;
  const next = isObject(answer.response_metadata) ? answer.response_metadata.next_cursor : null;
  const cursor = typeof next === 'string' && next !== '' ? next : null;
  const hasMore = answer.has_more === true || cursor !== null;
  return { messages: answer.messages.filter(isObject), more: hasMore ? { cursor } : null };
}

/** Another app that copies messages may copy their metadata too. */
function isOurs({ metadata, app_id: app }: JsonObject, appId: string, token: string): boolean {
  return tokenOf(metadata) === token && (app === undefined || app === appId);
}

function foundAs({ ts }: JsonObject): LookUp {
  return { result: 'found', messageId: typeof ts === 'string' && ts !== '' ? ts : null };
}

function reasonOf(result: HttpResult): string {
  const scope = scopeLackedIn(result);
  if (scope !== null) return `The bot token lacks the scope ${scope}.`;
  const error = errorOf(result);
  return error === 'not_in_channel' || error === 'channel_not_found'
    ? 'The bot is not in this conversation any more.'
    : `Slack does not show the conversation (${detailOf(result)}).`;
}

function unknowable(detail: string): LookUp {
  return { result: 'unknowable', detail };
}
