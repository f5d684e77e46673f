/** The simulated connector: the REST interface that bots call to speak, update, delete and look up members. */
import type { IncomingMessage } from 'node:http';
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import { isObject, parseObject } from '../../shared/json.ts';
import type { Answer, Routed } from '../../shared/simulator/server.ts';
import { splitConversationId } from '../reference.ts';
import { nextMessageId } from './activities.ts';

import type { Route } from './faults.ts';
import type { Identity } from './identity.ts';
import type { Oracle } from './oracle.ts';
import { personalChat, type SimulatedConversation, type SimulatedPerson } from './people.ts';

/** The conversations and members behind the connector. */
export class Connector {
  readonly #oracle: Oracle;
  readonly #identity: Identity;
  readonly #people: readonly SimulatedPerson[];
  readonly #organization: string;
  readonly #requireToken: boolean;
  readonly #open = new Map<string, SimulatedConversation>();

  constructor(options: {
    oracle: Oracle;
    identity: Identity;
    people: readonly SimulatedPerson[];
    organization: string;
    requireToken: boolean;
  }) {
    this.#oracle = options.oracle;
    this.#identity = options.identity;
    this.#people = options.people;
    this.#organization = options.organization;
    this.#requireToken = options.requireToken;
  }

  /** Makes a conversation known; the bot gets 404 for any other. */
  open(conversation: SimulatedConversation): void {
    this.#open.set(conversation.id, conversation);
  }

  /** The route of a request to `/…/v3/…`, or an answer that refuses it. */
  route(
    request: IncomingMessage,
    path: string,
    query: URLSearchParams,
    body: string,
  ): Routed<Route> | Answer {
    const appId = this.#callerOf(request);
    if (this.#requireToken && appId === null) {
      return { status: 401, body: { message: 'Authorization has been denied for this request.' } };
    }
    const [collection, rawConversation, part, id] = path.split('/').map(decodeURIComponent);
    if (collection !== 'conversations') return failure(404, 'NotFound');
    const method = request.method ?? 'GET';
    if (rawConversation === undefined) {
      return method === 'POST' ? this.#create(body, appId) : failure(405, 'MethodNotAllowed');
    }
    const { platformConversationId, threadId } = splitConversationId(rawConversation);
    const where = { conversationId: platformConversationId, threadId, appId };
    if (part === 'activities' && method === 'POST') return this.#send(where, id ?? null, body);
    if (part === 'activities' && id !== undefined && method === 'PUT') return this.#update(where, id, body);
    if (part === 'activities' && id !== undefined && method === 'DELETE') return this.#delete(where, id);
    if (part === 'members' && method === 'GET') return this.#members(where.conversationId, id ?? null);
    if (part === 'pagedmembers' && method === 'GET') return this.#pagedMembers(where.conversationId, query);
    return failure(405, 'MethodNotAllowed');
  }

  #callerOf(request: IncomingMessage): string | null {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    return token === undefined ? null : this.#identity.appOf(token);
  }

  #create(body: string, appId: string | null): Routed<Route> | Answer {
    const parameters = parseObject(body);
    if (parameters === null) return failure(400, 'BadSyntax');
    return {
      route: 'create_conversation',
      run: () => {
        const member = Array.isArray(parameters.members) ? parameters.members[0] : undefined;
        const memberId = isObject(member) ? member.id : undefined;
        const person = this.#people.find(
          ({ id, aadObjectId }) => memberId === id || memberId === aadObjectId,
        );
        const bot = isObject(parameters.bot) ? String(parameters.bot.id).replace(/^28:/, '') : '';
        if (person === undefined) return failure(404, 'MemberNotFoundInConversation');
        const organization =
          typeof parameters.tenantId === 'string' ? parameters.tenantId : this.#organization;
        const conversation = personalChat(person, appId ?? bot, organization);
        this.open(conversation);
        return { status: 201, body: { id: conversation.id } };
      },
    };
  }

  #send(where: Where, replyToId: string | null, body: string): Routed<Route> | Answer {
    const activity = parseObject(body);
    if (activity === null) return failure(400, 'BadSyntax');
    return {
      route: 'send',
      run: () => {
        if (!this.#open.has(where.conversationId)) return failure(404, 'ConversationNotFound');
        const id = nextMessageId();
        // A typing indicator is accepted and leaves nothing behind.
        if (activity.type !== 'message') return { status: 202, body: { id } };
        this.#oracle.recordPost({ ...where, id, replyToId, activity: { ...activity, id } });
        return { status: 201, body: { id } };
      },
    };
  }

  #update(where: Where, id: string, body: string): Routed<Route> | Answer {
    const activity = parseObject(body);
    if (activity === null) return failure(400, 'BadSyntax');
    return {
      route: 'update',
      run: () =>
        this.#oracle.recordChange(where.conversationId, id, 'update', activity)
          ? { status: 200, body: { id } }
          : failure(404, 'ActivityNotFoundInConversation'),
    };
  }

  #delete(where: Where, id: string): Routed<Route> {
    return {
      route: 'delete',
      run: () =>
        this.#oracle.recordDelete(where.conversationId, id)
          ? { status: 200, body: {} }
          : failure(404, 'ActivityNotFoundInConversation'),
    };
  }

  #members(conversationId: string, id: string | null): Routed<Route> {
    return {
      route: 'members',
      run: () => {
        if (!this.#open.has(conversationId)) return failure(404, 'ConversationNotFound');
        const members = this.#membersOf(conversationId);
        if (id === null) return { status: 200, body: members.map(memberOf) };
        const person = members.find((member) => member.id === id || member.aadObjectId === id);
        return person === undefined
          ? failure(404, 'MemberNotFoundInConversation')
          : { status: 200, body: memberOf(person) };
      },
    };
  }

  #pagedMembers(conversationId: string, query: URLSearchParams): Routed<Route> {
    return {
      route: 'members',
      run: () => {
        if (!this.#open.has(conversationId)) return failure(404, 'ConversationNotFound');
        const members = this.#membersOf(conversationId);
        const size = Math.min(Math.max(Number(query.get('pageSize')) || 200, 1), 500);
        const start = Math.max(Number(query.get('continuationToken')) || 0, 0);
        const page = { members: members.slice(start, start + size).map(memberOf) };
        const next = start + size;
        return {
          status: 200,
          body: next < members.length ? { ...page, continuationToken: String(next) } : page,
        };
      },
    };
  }

  /** Groups and channels have everybody, a personal chat the one person whose chat it is. */
  #membersOf(conversationId: string): readonly SimulatedPerson[] {
    const conversation = this.#open.get(conversationId);
    if (conversation?.type !== 'personal') return this.#people;
    return this.#people.filter((person) => conversation.personId === person.id);
  }
}

interface Where {
  conversationId: string;
  threadId: string | null;
  appId: string | null;
}

function memberOf(person: SimulatedPerson): JsonObject {
  const [givenName, surname] = person.name.split(' ');
  const email = `${person.key}@simulator.test`;
  const { id, name, aadObjectId } = person;
  return { id, name, aadObjectId, givenName, surname, email, userPrincipalName: email, userRole: 'user' };
}

/** An error as the connector names it. */
export function failure(status: number, code: string, message: string = code): Answer {
  return { status, body: { error: { code, message } } };
}
