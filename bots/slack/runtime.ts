/**
 * Speaking to Slack: posting, updating, modals, App Home, notifications. The only importer of @slack/bolt, and of the
 * types of its Web API client alone: docs/decisions/0003-slack-transport.md says why the client itself is not used.
 */
import type { webApi } from '@slack/bolt';
import type { Activity, ConversationReference } from '../../src/kernel/activity.ts';
import type { Answer, Form, Message } from '../../src/kernel/message.ts';
import type {
  BotRuntime,
  OutboundMessage,
  PlatformEnvironment,
  PlatformRegistration,
  SendOutcome,
} from '../../src/kernel/platform.ts';
import { HttpCaller } from '../shared/http-call.ts';
import { BotCalls } from './bot-calls.ts';
import { Deliverer } from './deliver.ts';
import { DirectConversations } from './direct-conversations.ts';
import { type Asked, outcomeOf, outcomeOfResponse } from './errors.ts';
import { examineSlack } from './examine.ts';
import { MessageFinder } from './find-message.ts';
import { metadataOf } from './metadata.ts';
import { personalReference, postTarget } from './reference.ts';
import { renderMessage } from './render.ts';
import { messageOf } from './render-answer.ts';
import { renderForm } from './render-form.ts';
import { renderHome } from './render-home.ts';
import { apiBaseOf, isTrustedResponseUrl, readSettings } from './settings.ts';
import { withdrawMessage } from './withdraw.ts';

const timeoutMs = 5000;
/** Answers repeat the message or view that was sent, and say more about it; a page of a conversation holds many. */
const maxAnswerBytes = 8_000_000;

/** Nobody asked for anything to be shown. */
const nothingToShow: SendOutcome = { result: 'sent', messageId: null };
const nothingToShowItBy: SendOutcome = { result: 'rejected', code: 'not_found', retryable: false };

/** A runtime over the Web API; one HTTP request a call, unless its token has to be renewed. */
export function createSlackRuntime(environment: PlatformEnvironment): BotRuntime {
  const settings = readSettings(environment.settings);
  const { clock, log } = environment;
  const caller = new HttpCaller(timeoutMs, maxAnswerBytes);
  const calls = new BotCalls(caller, clock, log, settings);
  const conversations = new DirectConversations(calls);
  const deliverer = new Deliverer(calls, conversations, clock);
  const finder = new MessageFinder(calls, conversations, clock);

  async function perform(
    registration: PlatformRegistration,
    method: string,
    args: object,
    asked: Asked = { isUpdate: false, byPerson: false },
  ): Promise<SendOutcome> {
    const called = await calls.call(registration, method, args);
    return called.ok ? outcomeOf(called.result, asked, clock.now()) : called.outcome;
  }

  /** Null: there is no such address, or none to be trusted. */
  async function respond(
    registration: PlatformRegistration,
    url: string | null | undefined,
    message: Message,
    replacedId: string | null,
  ): Promise<SendOutcome | null> {
    const base = apiBaseOf(registration, settings);
    if (url === null || url === undefined || base === null || !isTrustedResponseUrl(url, base)) return null;
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    const body = JSON.stringify(responseTo(message, replacedId));
    return outcomeOfResponse(
      await caller.call({ method: 'POST', url, headers, body }),
      replacedId,
      clock.now(),
    );
  }

  return {
    async send(sent: OutboundMessage): Promise<SendOutcome> {
      const { registration, reference, message, updateMessageId: ts } = sent;
      const responded = await respond(registration, sent.responseUrl, message, ts);
      if (responded !== null) return responded;
      if (ts === null) return perform(registration, 'chat.postMessage', newMessage(sent));
      const byPerson = /^[UW]/.test(reference.platformConversationId);
      return perform(registration, 'chat.update', newVersion(sent, ts), { isUpdate: true, byPerson });
    },

    async show({ registration, activity, answer }): Promise<SendOutcome> {
      const { person, answerHandle } = activity;
      if (answer.kind === 'form') {
        if (answerHandle === undefined) return nothingToShowItBy;
        return perform(registration, 'views.open', openedView(answer.form, answerHandle, activity));
      }
      if (answer.kind === 'home') {
        if (person === null) return nothingToShowItBy;
        return perform(registration, 'views.publish', publishedView(answer, person.platformUserId));
      }
      const message = messageOf(answer);
      if (message === null) return nothingToShow;
      const responded = await respond(registration, activity.responseUrl, message, null);
      const isOver = responded?.result === 'rejected' && responded.code === 'not_found';
      if (responded !== null && !isOver) return responded;
      if (person === null) return responded ?? nothingToShowItBy;
      const reference = personalReference(activity.organization, person.platformUserId);
      return perform(registration, 'chat.postMessage', posted(message, reference, null));
    },

    deliver: (delivery) => deliverer.deliver(delivery),
    lookUp: (delivery, send) => finder.find(delivery, send),
    withdraw: (sent) => withdrawMessage(calls, conversations, sent, () => clock.now()),

    async probe(registration, _reference, timeoutMs): Promise<boolean> {
      const called = await calls.call(registration, 'auth.test', {}, timeoutMs);
      return called.ok && called.result.kind === 'answered' && called.result.status < 500;
    },

    renew: (registration) => calls.renew(registration),
    examine: (registration) => examineSlack(registration, calls, clock.now()),

    async close(): Promise<void> {
      caller.close();
    },
  };
}

/** What the Web API takes, less the token, which travels in a header. */
type PostArguments = webApi.ChatPostMessageArguments & { unfurl_links: false; unfurl_media: false };

/** The new message, with our token, by which it can be found again when the outcome is not known. */
function newMessage({ reference, message, replyToMessageId, token }: OutboundMessage): PostArguments {
  return { ...posted(message, reference, replyToMessageId), metadata: metadataOf(token) };
}

function posted(
  message: Message,
  reference: ConversationReference,
  replyToMessageId: string | null,
): PostArguments {
  const { channel, threadTs } = postTarget(reference, replyToMessageId);
  return {
    channel,
    ...renderMessage(message),
    ...(threadTs === null ? {} : { thread_ts: threadTs }),
    unfurl_links: false,
    unfurl_media: false,
  };
}

/** `parse` would be `client` without it, which makes links and mentions of the text. */
function newVersion({ reference, message }: OutboundMessage, ts: string): webApi.ChatUpdateArguments {
  return { channel: reference.platformConversationId, ts, ...renderMessage(message), parse: 'none' };
}

function openedView(form: Form, triggerId: string, activity: Activity): webApi.ViewsOpenArguments {
  return {
    trigger_id: triggerId,
    view: renderForm(form, activity.replyReference ?? activity.reference),
  };
}

function publishedView(
  { sections }: Extract<Answer, { kind: 'home' }>,
  userId: string,
): webApi.ViewsPublishArguments {
  return { user_id: userId, view: renderHome(sections) };
}

/** A new message for the person alone, or another version of the one that the gesture came from. */
function responseTo(message: Message, replacedId: string | null): object {
  const rendering = renderMessage(message);
  return replacedId === null
    ? { ...rendering, response_type: 'ephemeral', replace_original: false }
    : { ...rendering, replace_original: true };
}
