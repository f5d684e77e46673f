/** Microsoft Graph in miniature: people's activity feeds, and the messages of channels and chats. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import { isObject, parseObject } from '../../shared/json.ts';
import type { Routed } from '../../shared/simulator/server.ts';
import { feedActivityType } from '../feed.ts';
import type { ActivityFeed } from './activity-feed.ts';
import { type Answer, failure, throttled } from './answers.ts';
import type { Route } from './faults.ts';
import { graphPage } from './graph-page.ts';
import type { Identity } from './identity.ts';
import type { Oracle } from './oracle.ts';
import { personalChat, type SimulatedConversation } from './people.ts';
import type { PublishedLimits } from './published-limits.ts';
import type { World } from './world.ts';

interface Caller {
  /** Null without a token. */
  appId: string | null;
  organization: string;
}

interface Parts {
  oracle: Oracle;
  identity: Identity;
  world: World;
  limits: PublishedLimits;
  feed: ActivityFeed;
  requireToken: boolean;
}

export class Graph {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The route of a request to `/v1.0/…`, or an answer that refuses it. */
  route(request: IncomingMessage, url: URL, body: string): Routed<Route> | Answer {
    const caller = this.#callerOf(request);
    if (caller === null) return failure(401, 'InvalidAuthenticationToken');
    const [, , ...path] = url.pathname.split('/').map(decodeURIComponent);
    const [collection, id = '', part, sub] = path;
    const isPost = request.method === 'POST';
    if (isPost && collection === 'users' && part === 'teamwork' && sub === 'sendActivityNotification') {
      return identified({ route: 'feed', run: () => this.#notify(caller, id, body) });
    }
    if (request.method !== 'GET') return failure(405, 'MethodNotAllowed');
    if (collection === 'teams' && part === 'channels' && path[4] === 'messages') {
      return identified({ route: 'channel_messages', run: () => this.#channel(caller, id, sub ?? '', url) });
    }
    if (collection === 'chats' && part === 'messages') {
      return identified({ route: 'chat_messages', run: () => this.#chat(caller, id, url) });
    }
    return failure(404, 'ResourceNotFound');
  }

  #callerOf(request: IncomingMessage): Caller | null {
    const { identity, world, requireToken } = this.#parts;
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    const caller = token === undefined ? null : identity.callerOf(token, 'graph');
    if (caller !== null) return { appId: caller.appId, organization: caller.authority };
    return requireToken ? null : { appId: null, organization: world.organization };
  }

  /** Permissions for the whole organization, or those that the app package brings. */
  #may(resource: string, organizationWide: string): boolean {
    return (
      this.#parts.world.grants.has(resource) || this.#parts.identity.graphRoles.includes(organizationWide)
    );
  }

  #notify(caller: Caller, personId: string, body: string): Answer {
    const { world, feed } = this.#parts;
    const sent = readNotification(body);
    if (sent === null) return failure(400, 'BadRequest');
    const person = world.person(personId);
    if (person === null) return failure(404, 'NotFound');
    const appId = caller.appId ?? sent.appId;
    const isThere = world.refusedBy(person, appId, caller.organization) !== 'uninstalled';
    if (!isThere || !this.#may('TeamsActivity.Send.User', 'TeamsActivity.Send')) {
      return failure(403, 'Forbidden');
    }
    const wait = this.#limit(caller, 'feed', person.aadObjectId);
    if (wait !== null) return throttled(wait);
    feed.record({ ...sent, person: person.aadObjectId, appId });
    return { status: 204, body: '' };
  }

  #channel(caller: Caller, groupId: string, channelId: string, url: URL): Answer {
    const { world } = this.#parts;
    const conversation = world.find(channelId);
    if (conversation?.groupId !== groupId) return failure(404, 'NotFound');
    if (!this.#may('ChannelMessage.Read.Group', 'ChannelMessage.Read.All')) return failure(403, 'Forbidden');
    return this.#list(caller, 'read_channel', conversation, url);
  }

  #chat(caller: Caller, chatId: string, url: URL): Answer {
    const { world, identity } = this.#parts;
    const personal = personalOf(chatId, caller.organization, world);
    const conversation = personal ?? world.find(chatId);
    if (conversation === null || conversation.type === 'channel') return failure(404, 'NotFound');
    const roles = identity.graphRoles;
    const may =
      personal === null
        ? this.#may('ChatMessage.Read.Chat', 'Chat.Read.All')
        : roles.includes('Chat.Read.All');
    return may ? this.#list(caller, 'read_chat', conversation, url) : failure(403, 'Forbidden');
  }

  #list(caller: Caller, operation: string, conversation: SimulatedConversation, url: URL): Answer {
    const wait = this.#limit(caller, operation, conversation.id);
    if (wait !== null) return throttled(wait);
    const messages = this.#parts.oracle.all(conversation.id).filter(({ byPerson }) => byPerson !== true);
    return { status: 200, body: graphPage(messages, conversation, url) };
  }

  #limit(caller: Caller, operation: string, conversation: string): number | null {
    return this.#parts.limits.take({ ...caller, operation, conversation });
  }
}

/** Every answer names the request. */
function identified({ route, run }: Routed<Route>): Routed<Route> {
  return {
    route,
    run: () => {
      const answer = run();
      return { ...answer, headers: { ...answer.headers, 'request-id': randomUUID() } };
    },
  };
}

/** The notification of a body; null when it is none that the app's manifest declares. */
function readNotification(body: string) {
  const sent = parseObject(body) ?? {};
  const topic = isObject(sent.topic) ? sent.topic : {};
  const preview = isObject(sent.previewText) ? sent.previewText.content : undefined;
  const title = parameterOf(sent, 'title');
  const { chainId } = sent;
  const link = /^https:\/\/[a-z.]*teams\.microsoft\.(?:com|us)\/l\/entity\/([^/?]+)/.exec(
    String(topic.webUrl),
  );
  const isText = topic.source === 'text' && typeof topic.value === 'string' && topic.value !== '';
  if (!isText || link?.[1] === undefined || sent.activityType !== feedActivityType) return null;
  if (typeof preview !== 'string' || preview === '' || title === null) return null;
  if (typeof chainId !== 'number' || !Number.isSafeInteger(chainId)) return null;
  return { chainId, title, preview, webUrl: String(topic.webUrl), appId: decodeURIComponent(link[1]) };
}

function parameterOf({ templateParameters }: JsonObject, name: string): string | null {
  const parameters = Array.isArray(templateParameters) ? templateParameters.filter(isObject) : [];
  const value = parameters.find((parameter) => parameter.name === name)?.value;
  return typeof value === 'string' && value !== '' ? value : null;
}

/** The personal chat that Graph knows by the ids of person and app. */
function personalOf(chatId: string, organization: string, world: World): SimulatedConversation | null {
  const [, personId = '', appId = ''] = /^19:([^_]+)_([^@]+)@unq\.gbl\.spaces$/.exec(chatId) ?? [];
  const person = world.person(personId);
  return person === null ? null : personalChat(person, appId, organization);
}
