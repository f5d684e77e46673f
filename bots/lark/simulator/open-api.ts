/** The simulated Open API: finds the route of a request, checks its token, and answers about apps, chats and people. */
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import { parseObject } from '../../shared/json.ts';
import type { Answer, Routed } from '../../shared/simulator/server.ts';
import { refuse, success } from './answers.ts';
import type { Chats } from './chats.ts';
import type { Route } from './faults.ts';
import type { HistoryApi } from './history-api.ts';
import type { Caller, Identity } from './identity.ts';
import type { MessagesApi } from './messages-api.ts';
import type { Directory, LarkPerson, PersonIdType } from './people.ts';

export interface ApiRequest {
  method: string;
  /** Without query. */
  path: string;
  query: URLSearchParams;
  authorization: string | undefined;
  body: string;
}

type Handler = (caller: Caller, request: ApiRequest, body: JsonObject, id: string) => Answer;

interface Endpoint {
  method: string;
  path: RegExp;
  route: Route;
  handle: Handler;
}

export class OpenApi {
  readonly #identity: Identity;
  readonly #directory: Directory;
  readonly #chats: Chats;
  readonly #botName: string;
  readonly #pushTicket: (appId: string) => void;
  readonly #endpoints: readonly Endpoint[];

  /** @param options.pushTicket sends the app its ticket, after the request for it was answered */
  constructor(options: {
    identity: Identity;
    directory: Directory;
    chats: Chats;
    messages: MessagesApi;
    history: HistoryApi;
    botName: string;
    pushTicket: (appId: string) => void;
  }) {
    this.#identity = options.identity;
    this.#directory = options.directory;
    this.#chats = options.chats;
    this.#botName = options.botName;
    this.#pushTicket = options.pushTicket;
    this.#endpoints = this.#withToken(options.messages, options.history);
  }

  /** The route of a request, or an answer that refuses it. */
  route(request: ApiRequest): Routed<Route> | Answer {
    const path = request.path.replace(/^\/open-apis/, '');
    const body = parseObject(request.body) ?? {};
    const open = request.method === 'POST' ? this.#withoutToken(path, body) : null;
    if (open !== null) return open;
    const endpoint = this.#endpoints.find((one) => one.method === request.method && one.path.test(path));
    if (endpoint === undefined) return { status: 404, body: { code: 404, msg: '404 page not found' } };
    const id = endpoint.path.exec(path)?.[1] ?? '';
    return {
      route: endpoint.route,
      run: () => {
        const token = /^Bearer (.+)$/.exec(request.authorization ?? '')?.[1];
        if (token === undefined) return refuse('missingToken');
        const caller = this.#identity.caller(token);
        return caller === null ? refuse('invalidToken') : endpoint.handle(caller, request, body, id);
      },
    };
  }

  #withoutToken(path: string, body: JsonObject): Routed<Route> | null {
    const token = (make: () => JsonObject): Routed<Route> => ({
      route: 'token',
      run: () => ({ status: 200, body: make() }),
    });
    switch (path) {
      case '/auth/v3/tenant_access_token/internal':
      case '/auth/v3/app_access_token/internal':
        return token(() => this.#identity.internalToken(body));
      case '/auth/v3/app_access_token':
        return token(() => this.#identity.isvAppToken(body));
      case '/auth/v3/tenant_access_token':
        return token(() => this.#identity.isvTenantToken(body));
      case '/auth/v3/app_ticket/resend':
        return { route: 'app_ticket', run: () => this.#resendTicket(body) };
      default:
        return null;
    }
  }

  #resendTicket(body: JsonObject): Answer {
    const app = this.#identity.ticketAsked(body);
    if ('code' in app) return { status: 200, body: app };
    setImmediate(() => this.#pushTicket(app.appId));
    return { status: 200, body: { code: 0, msg: 'success' } };
  }

  #withToken(messages: MessagesApi, history: HistoryApi): Endpoint[] {
    const on = (method: string, path: RegExp, route: Route, handle: Handler): Endpoint => ({
      method,
      path,
      route,
      handle,
    });
    const message = '/im/v1/messages/([^/]+)';
    return [
      on('GET', /^\/bot\/v3\/info\/?$/, 'bot', (caller) => this.#bot(caller)),
      on('GET', /^\/application\/v6\/scopes$/, 'scopes', () => history.grantedScopes()),
      on('GET', /^\/tenant\/v2\/tenant\/query$/, 'tenant', (caller) => tenantOf(caller)),
      on('POST', /^\/im\/v1\/messages$/, 'send', (caller, { query }, body) =>
        messages.create(caller, query.get('receive_id_type'), body),
      ),
      on('POST', new RegExp(`^${message}/reply$`), 'reply', (caller, _, body, id) =>
        messages.reply(caller, id, body),
      ),
      on('PATCH', new RegExp(`^${message}$`), 'update', (caller, _, body, id) =>
        messages.update(caller, id, body),
      ),
      on('GET', /^\/im\/v1\/messages$/, 'list', (caller, { query }) => history.list(caller, query)),
      on('GET', new RegExp(`^${message}$`), 'read', (caller, { query }, _, id) =>
        history.read(caller, id, query),
      ),
      on('DELETE', new RegExp(`^${message}$`), 'delete', (caller, _, __, id) => messages.recall(caller, id)),
      on('GET', new RegExp(`^${message}/read_users$`), 'read_users', (caller, _, __, id) =>
        history.readUsers(caller, id),
      ),
      on('POST', /^\/interactive\/v1\/card\/update$/, 'delayed_update', (caller, _, body) =>
        messages.updateByToken(caller, body),
      ),
      on('GET', /^\/im\/v1\/chats\/([^/]+)$/, 'chat', (caller, _, __, id) => this.#chat(caller, id)),
      on('POST', /^\/contact\/v3\/users\/batch_get_id$/, 'users', (caller, { query }, body) =>
        this.#idsOf(caller, query, body),
      ),
      on('GET', /^\/contact\/v3\/users\/([^/]+)$/, 'users', (caller, { query }, _, id) =>
        this.#user(caller, query, id),
      ),
    ];
  }

  #bot(caller: Caller): Answer {
    const bot = {
      activate_status: 2,
      app_name: this.#botName,
      avatar_url: '',
      ip_white_list: [],
      open_id: this.#directory.botOpenId(caller.appId),
    };
    return { status: 200, body: { code: 0, msg: 'ok', bot } };
  }

  #chat(caller: Caller, id: string): Answer {
    const chat = this.#chats.find(id);
    if (chat === null || chat.organization !== caller.organization) return refuse('unknownChat');
    if (this.#chats.hasBot(chat, caller.appId) !== true) return refuse('outOfChat');
    return success({
      name: chat.name,
      chat_mode: chat.type,
      chat_type: 'private',
      external: false,
      tenant_key: chat.organization,
      chat_status: 'normal',
    });
  }

  #user(caller: Caller, query: URLSearchParams, id: string): Answer {
    const person = this.#directory.find(idTypeOf(query), id, caller.appId);
    if (person === null) return refuse('unknownUser');
    const { unionId, name, email } = person;
    const openId = this.#directory.openId(person, caller.appId);
    return success({ user: { union_id: unionId, open_id: openId, name, en_name: name, email } });
  }

  #idsOf(caller: Caller, query: URLSearchParams, body: JsonObject): Answer {
    const emails = Array.isArray(body.emails) ? body.emails.map(String) : [];
    const list = emails.map((email) => {
      const person = this.#directory.find('email', email, caller.appId);
      return person === null ? { email } : { email, user_id: this.#idOf(person, query, caller) };
    });
    return success({ user_list: list });
  }

  #idOf(person: LarkPerson, query: URLSearchParams, caller: Caller): string {
    return idTypeOf(query) === 'union_id' ? person.unionId : this.#directory.openId(person, caller.appId);
  }
}

function idTypeOf(query: URLSearchParams): PersonIdType {
  return query.get('user_id_type') === 'union_id' ? 'union_id' : 'open_id';
}

function tenantOf({ organization }: Caller): Answer {
  const tenant = { name: `Organization ${organization}`, display_id: 'F00000000', tenant_tag: 0 };
  return success({ tenant: { ...tenant, tenant_key: organization } });
}
