/**
 * Sending to Lark and Feishu. The only importer of the vendor's SDK, whose client forms the requests; they leave by our
 * own transport, which knows whether one may have arrived (docs/decisions/0004-lark-transport.md).
 */
import { Client, LoggerLevel, withTenantToken } from '@larksuiteoapi/node-sdk';
import type { ConversationReference, SourceMessage } from '../../src/kernel/activity.ts';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { LookUp } from '../../src/kernel/notification.ts';
import type {
  BotRuntime,
  OutboundMessage,
  PlatformEnvironment,
  PlatformRegistration,
  SendOutcome,
} from '../../src/kernel/platform.ts';
import { HttpCaller, type HttpResult } from '../shared/http-call.ts';
import { misconfigured } from '../shared/outcomes.ts';
import { deliver } from './deliver.ts';
import { isNotRepliable, outcomeOf } from './errors.ts';
import { examineLark } from './examine.ts';
import { lookUp } from './look-up.ts';
import { markOf } from './mark.ts';
import type { ApiCall, OpenApi } from './open-api.ts';
import { readSourceMessage } from './read-message.ts';
import { receiveIdType } from './reference.ts';
import { renderCard } from './render.ts';
import {
  callWithToken,
  messageIdPattern,
  type Request,
  type Session,
  secondCallWithinMs,
  within,
} from './session.ts';
import { apiUrlOf, readSettings } from './settings.ts';
import { TenantTokens } from './tokens.ts';
import { withdraw } from './withdraw.ts';

const timeoutMs = 5000;
/** A person waits for the answer to their command meanwhile. */
const readTimeoutMs = 1000;
/** An answer repeats the message's content, whose quotes are escaped twice. */
const maxAnswerBytes = 1_000_000;

/** A runtime over the Open API; one request a send, besides the token's when none is kept. */
export function createLarkRuntime(environment: PlatformEnvironment): BotRuntime {
  const settings = readSettings(environment.settings);
  const caller = new HttpCaller(timeoutMs, maxAnswerBytes);
  const api = createOpenApi(caller);
  const tokens = new TenantTokens(api, environment.clock);
  const { clock, log } = environment;
  /** Null where the demo has nowhere to call. */
  const sessionOf = (registration: PlatformRegistration): Session | null => {
    const apiUrl = apiUrlOf(registration, settings);
    return apiUrl === null ? null : { registration, apiUrl, api, tokens, clock, log };
  };
  return {
    async send(message: OutboundMessage): Promise<SendOutcome> {
      const session = sessionOf(message.registration);
      if (session === null) return misconfigured();
      const request = requestOf(message, session.apiUrl);
      if (request === null) return { result: 'rejected', code: 'not_found', retryable: false };
      const result = await sendWith(session, request, message);
      if ('result' in result) return result;
      return outcomeOf(result, message.updateMessageId, clock.now());
    },
    async deliver(delivery) {
      const session = sessionOf(delivery.registration);
      return session === null ? misconfigured() : await deliver(session, delivery);
    },
    async lookUp(delivery, send): Promise<LookUp> {
      const session = sessionOf(delivery.registration);
      if (session === null) return { result: 'unknowable', detail: 'The demo has nowhere to call.' };
      return await lookUp(session, delivery, send);
    },
    async withdraw(sent) {
      const session = sessionOf(sent.registration);
      return session === null ? misconfigured() : await withdraw(session, sent);
    },
    async readMessage(registration, reference, id): Promise<SourceMessage | null> {
      const session = sessionOf(registration);
      if (session === null || !messageIdPattern.test(id)) return null;
      return await within(readTimeoutMs, readQuoted(session, reference, id));
    },
    async examine(registration) {
      return await examineLark({ registration, api, tokens, apiUrl: apiUrlOf(registration, settings) });
    },
    async close(): Promise<void> {
      caller.close();
    },
  };
}

/**
 * The SDK's client over our transport. Its token handling, cache and log are off: it would keep tokens in this process
 * alone, return none where a ticket is missing, and write whole requests into the log.
 */
function createOpenApi(caller: HttpCaller): OpenApi {
  const silent = { error() {}, warn() {}, info() {}, debug() {}, trace() {} };
  const client = new Client({
    // Neither goes anywhere: every call names its own token and its whole address.
    appId: 'unused',
    appSecret: 'unused',
    disableTokenCache: true,
    logger: silent,
    loggerLevel: LoggerLevel.fatal,
    httpInstance: transportOf(caller),
  });
  return async ({ method, url, query, body, token, timeoutMs: timeout }: ApiCall) => {
    const request = { method, url, ...(query && { params: query }), ...(body && { data: body }) };
    const options = token === undefined ? {} : withTenantToken(token);
    return await client.request<HttpResult>({ ...request, ...(timeout && { timeout }) }, options);
  };
}

type Transport = NonNullable<ConstructorParameters<typeof Client>[0]['httpInstance']>;
type TransportRequest = Parameters<Transport['request']>[0];

/** Hands back what happened as a value, failures too: the SDK would turn an exception into a line of its log. */
function transportOf(caller: HttpCaller): Transport {
  const call = async ({ method, url = '', headers, params, data, timeout }: TransportRequest) => {
    const query = new URLSearchParams(params).toString();
    const body = method === 'GET' || method === 'DELETE' ? undefined : JSON.stringify(data ?? {});
    return await caller.call({
      method: methods.find((known) => known === method) ?? 'POST',
      url: query === '' ? url : `${url}?${query}`,
      headers: { 'content-type': 'application/json; charset=utf-8', accept: 'application/json', ...headers },
      ...(body === undefined ? {} : { body }),
      ...(timeout === undefined ? {} : { timeoutMs: timeout }),
    });
  };
  const request = <T, R = T, D = unknown>(options: { url?: string; data?: D }): Promise<R> =>
    call(options as TransportRequest) as Promise<R>;
  const notUsed = () => Promise.reject(new Error('only request() is used'));
  return {
    request,
    get: notUsed,
    delete: notUsed,
    head: notUsed,
    options: notUsed,
    post: notUsed,
    put: notUsed,
    patch: notUsed,
  };
}

const methods = ['GET', 'POST', 'PATCH', 'DELETE'] as const;

/**
 * The send, and where it was certainly not accepted, once more: with another token where the kept one was refused, or as
 * a message of its own where the one that it replies to is gone. All carry the same uuid.
 */
async function sendWith(
  session: Session,
  request: Request,
  message: OutboundMessage,
): Promise<HttpResult | SendOutcome> {
  const began = performance.now();
  const result = await callWithToken(session, request);
  const isReply = message.updateMessageId === null && message.replyToMessageId !== null;
  if ('result' in result || !isReply || !isNotRepliable(result)) return result;
  if (performance.now() - began > secondCallWithinMs) return result;
  const plain = requestOf({ ...message, replyToMessageId: null }, session.apiUrl);
  return plain === null ? result : await callWithToken(session, plain);
}

/** Post, reply, or replace: the three calls that a send can be. Null when it has nowhere to go. */
function requestOf(message: OutboundMessage, apiUrl: string): Request | null {
  const { reference, replyToMessageId, updateMessageId, token: uuid } = message;
  const chat = reference.type === 'personal' ? 'p2p' : 'group';
  const content = JSON.stringify(renderCard(message.message, { chat, mark: markOf(uuid) }));
  const url = `${apiUrl}/open-apis/im/v1/messages`;
  if (updateMessageId !== null) {
    if (!messageIdPattern.test(updateMessageId)) return null;
    return { method: 'PATCH', url: `${url}/${updateMessageId}`, body: { content } };
  }
  const body: JsonObject = { msg_type: 'interactive', content, uuid };
  if (replyToMessageId !== null && messageIdPattern.test(replyToMessageId)) {
    const inThread = reference.threadId === null ? {} : { reply_in_thread: true };
    return { method: 'POST', url: `${url}/${replyToMessageId}/reply`, body: { ...body, ...inThread } };
  }
  const address = reference.platformConversationId;
  const type = receiveIdType(address);
  if (type === null) return null;
  return { method: 'POST', url, query: { receive_id_type: type }, body: { receive_id: address, ...body } };
}

async function readQuoted(
  session: Session,
  reference: ConversationReference,
  id: string,
): Promise<SourceMessage | null> {
  const url = `${session.apiUrl}/open-apis/im/v1/messages/${id}`;
  const result = await callWithToken(session, {
    method: 'GET',
    url,
    query: { with_sender_name: 'true' },
    timeoutMs: readTimeoutMs,
  });
  if ('result' in result) return null;
  const { platformConversationId: chat } = reference;
  return readSourceMessage(result, chat.startsWith('oc_') ? chat : null);
}
