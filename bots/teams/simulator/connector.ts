/** The simulated connector: the REST interface that bots call to speak, update, delete and look up members. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import { isObject, parseObject } from '../../shared/json.ts';
import type { Routed } from '../../shared/simulator/server.ts';
import { splitConversationId } from '../reference.ts';
import { nextMessageId } from './activities.ts';
import { type Answer, failure, throttled } from './answers.ts';
import type { Route } from './faults.ts';
import type { Identity } from './identity.ts';
import type { Oracle } from './oracle.ts';
import { personalChat, type SimulatedPerson } from './people.ts';
import type { PublishedLimits } from './published-limits.ts';
import type { World } from './world.ts';

interface Parts {
  oracle: Oracle;
  identity: Identity;
  world: World;
  limits: PublishedLimits;
  requireToken: boolean;
}

/** What bots may ask, answered by the record of messages and the world behind it. */
export class Connector {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * The route of a request to `<prefix>/v3/<path>`, or an answer that refuses it.
   * @param prefix region and organization
   */
  route(request: IncomingMessage, prefix: string, url: URL, body: string): Routed<Route> | Answer {
    const path = url.pathname.slice(prefix.length + '/v3/'.length);
    const [, organization = this.#parts.world.organization] = /^\/[^/]+\/([^/]+)$/.exec(prefix) ?? [];
    const caller = { appId: this.#callerOf(request), organization };
    const routed = this.#routed(caller, request.method ?? 'GET', path, url.searchParams, body);
    if (!('route' in routed)) return routed;
    const run = () => this.#parts.world.otherRegion(`${prefix}/`) ?? routed.run();
    return { route: routed.route, run: () => identified(run()) };
  }

  #routed(
    caller: Caller,
    method: string,
    path: string,
    query: URLSearchParams,
    body: string,
  ): Routed<Route> | Answer {
    if (this.#parts.requireToken && caller.appId === null) {
      return { status: 401, body: { message: 'Authorization has been denied for this request.' } };
    }
    const [collection, rawConversation, part, id] = path.split('/').map(decodeURIComponent);
    if (collection === 'teams' && rawConversation !== undefined && method === 'GET') {
      return this.#team(rawConversation);
    }
    if (collection !== 'conversations') return failure(404, 'NotFound');
    if (rawConversation === undefined) {
      return method === 'POST' ? this.#create(body, caller) : failure(405, 'MethodNotAllowed');
    }
    const { platformConversationId, threadId } = splitConversationId(rawConversation);
    const where = { conversationId: platformConversationId, threadId, ...caller };
    if (part === 'activities' && method === 'POST') return this.#send(where, id ?? null, body);
    if (part === 'activities' && id !== undefined && method === 'PUT') return this.#update(where, id, body);
    if (part === 'activities' && id !== undefined && method === 'DELETE') return this.#delete(where, id);
    if (part === 'members' && method === 'GET') return this.#members(where.conversationId, id ?? null);
    if (part === 'pagedmembers' && method === 'GET') return this.#pagedMembers(where.conversationId, query);
    return failure(405, 'MethodNotAllowed');
  }

  #callerOf(request: IncomingMessage): string | null {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    return token === undefined ? null : (this.#parts.identity.callerOf(token, 'connector')?.appId ?? null);
  }

  /** A person's chat; the same one each time. */
  #create(body: string, caller: Caller): Routed<Route> | Answer {
    const { world } = this.#parts;
    const parameters = parseObject(body);
    if (parameters === null) return failure(400, 'BadSyntax');
    return {
      route: 'create_conversation',
      run: () => {
        const member = Array.isArray(parameters.members) ? parameters.members[0] : undefined;
        const person = isObject(member) ? world.person(String(member.id)) : null;
        if (person === null) return failure(404, 'MemberNotFoundInConversation');
        const bot = isObject(parameters.bot) ? String(parameters.bot.id).replace(/^28:/, '') : '';
        const appId = caller.appId ?? bot;
        const organization =
          typeof parameters.tenantId === 'string' ? parameters.tenantId : caller.organization;
        const conversation = personalChat(person, appId, organization);
        if (world.refusedBy(person, appId, organization) === 'uninstalled') {
          return failure(403, 'BotNotInConversationRoster');
        }
        const wait = this.#limit('create', { appId, organization }, conversation.id);
        if (wait !== null) return throttled(wait);
        world.open(conversation);
        return { status: 201, body: { id: conversation.id } };
      },
    };
  }

  #send(where: Where, replyToId: string | null, body: string): Routed<Route> | Answer {
    const { world, oracle } = this.#parts;
    const activity = parseObject(body);
    if (activity === null) return failure(400, 'BadSyntax');
    return {
      route: 'send',
      run: () => {
        const refusal = world.refusal(where.conversationId);
        if (refusal !== null) return refusal;
        if (Buffer.byteLength(body) > world.maxActivityBytes) return failure(413, 'MessageSizeTooBig');
        const wait = this.#limit('send', where, where.conversationId);
        if (wait !== null) return throttled(wait);
        const id = nextMessageId();
        // A typing indicator is accepted and leaves nothing behind.
        if (activity.type !== 'message') return { status: 202, body: { id } };
        const { conversationId, threadId, appId } = where;
        oracle.recordPost({ conversationId, threadId, appId, id, replyToId, activity: { ...activity, id } });
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
        this.#parts.oracle.recordChange(where.conversationId, id, 'update', activity)
          ? { status: 200, body: { id } }
          : failure(404, 'ActivityNotFoundInConversation'),
    };
  }

  #delete(where: Where, id: string): Routed<Route> {
    return {
      route: 'delete',
      run: () =>
        this.#parts.oracle.recordDelete(where.conversationId, id)
          ? { status: 200, body: {} }
          : failure(404, 'ActivityNotFoundInConversation'),
    };
  }

  #members(conversationId: string, id: string | null): Routed<Route> {
    return {
      route: 'members',
      run: () => {
        const refusal = this.#parts.world.refusal(conversationId);
        if (refusal !== null) return refusal;
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
        const refusal = this.#parts.world.refusal(conversationId);
        if (refusal !== null) return refusal;
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

  #team(teamId: string): Routed<Route> {
    return {
      route: 'team',
      run: () => {
        const channel = this.#parts.world.search((conversation) => conversation.teamId === teamId);
        return channel === null
          ? failure(404, 'NotFound')
          : { status: 200, body: { id: teamId, name: 'A team', aadGroupId: channel.groupId } };
      },
    };
  }

  /** Groups and channels have everybody, a personal chat the one person whose chat it is. */
  #membersOf(conversationId: string): readonly SimulatedPerson[] {
    const { world } = this.#parts;
    const conversation = world.find(conversationId);
    if (conversation?.type !== 'personal') return world.people;
    return world.people.filter((person) => conversation.personId === person.id);
  }

  #limit(operation: string, { appId, organization }: Caller, conversation: string): number | null {
    return this.#parts.limits.take({ operation, appId, organization, conversation });
  }
}

/** Every answer names the request. */
function identified(answer: Answer): Answer {
  return { ...answer, headers: { ...answer.headers, 'x-ms-request-id': randomUUID() } };
}

interface Caller {
  /** Null without a token. */
  appId: string | null;
  organization: string;
}

interface Where extends Caller {
  conversationId: string;
  threadId: string | null;
}

function memberOf(person: SimulatedPerson): JsonObject {
  const [givenName, surname] = person.name.split(' ');
  const email = `${person.key}@simulator.test`;
  const { id, name, aadObjectId } = person;
  return { id, name, aadObjectId, givenName, surname, email, userPrincipalName: email, userRole: 'user' };
}
