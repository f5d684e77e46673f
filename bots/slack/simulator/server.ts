/** The simulated platform's HTTP side on loopback: Web API, response URLs, consent page, and the faults of each. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import {
  type Answer,
  type RouteCounts,
  type Routed,
  type SiteServer,
  startSite,
} from '../../shared/simulator/server.ts';
import { appMethods } from './app-methods.ts';
import { Arguments } from './arguments.ts';
import { chatMethods, conversationFor, respond } from './chat-methods.ts';
import { conversationMethods } from './conversation-methods.ts';
import type { Faults, Refusal, Route } from './faults.ts';
import { type Call, failed, lacking, type Method, type Platform } from './method.ts';
import { viewMethods } from './view-methods.ts';

const methods = new Map<string, Method>(
  Object.entries({ ...appMethods, ...chatMethods, ...conversationMethods, ...viewMethods }),
);

/** Methods that one scope opens, whatever they are about. https://docs.slack.dev/reference/scopes */
const scopes: Readonly<Record<string, string>> = {
  'chat.delete': 'chat:write',
  'chat.postEphemeral': 'chat:write',
  'chat.postMessage': 'chat:write',
  'chat.update': 'chat:write',
  'conversations.open': 'im:write',
  'users.info': 'users:read',
};

export type Counts = RouteCounts<Route>;
export type SimulatorServer = SiteServer<Route>;

/** Listens on loopback; port 0 takes any free one. @throws the listener's error, e.g. for a port in use. */
export function startServer(port: number, platform: Platform, faults: Faults): Promise<SimulatorServer> {
  return startSite(port, {
    routes: [],
    faults,
    route: (request, body) => routeOf(request, body, platform),
    refuse: (fault) => (fault.kind === 'error' ? failed(fault.error) : refused(fault)),
    serverError: refused({ status: 500 }),
    headers: () => ({ 'x-slack-req-id': randomBytes(16).toString('hex') }),
  });
}

function routeOf(request: IncomingMessage, body: string, platform: Platform): Routed<Route> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const [first, second = '', third = ''] = url.pathname.split('/').slice(1);
  if (first === 'oauth' && second === 'v2' && third === 'authorize') {
    return { route: 'authorize', run: () => consent(platform, url.searchParams) };
  }
  if (first === 'respond') return { route: 'response_url', run: () => respond(platform, second, body) };
  if (first !== 'api') return { route: 'other', run: () => ({ status: 404, body: 'not found' }) };
  if (second === 'oauth.v2.access') return { route: second, run: () => access(request, platform, body) };
  return { route: second, run: () => call(request, second, url.searchParams, body, platform) };
}

function call(
  request: IncomingMessage,
  name: string,
  query: URLSearchParams,
  body: string,
  platform: Platform,
): Answer {
  const method = methods.get(name);
  if (method === undefined) return failed('unknown_method');
  const args = Arguments.read(request.headers['content-type'] ?? '', body, query);
  if (args === null) return failed('invalid_json');
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  const token = bearer ?? args.text('token');
  const check = platform.tokens.check(token);
  if (!check.ok) return failed(check.error);
  const { installation } = check;
  const made: Call = { args, token, installation, scopes: check.scopes };
  const limited = tooFast(platform, name, made);
  if (limited !== null) return limited;
  const scope = scopes[name];
  const unscoped = scope === undefined ? null : lacking(made, scope);
  return unscoped ?? method(platform, made);
}

/** The refusal of a call beyond the published limits; null within them. */
function tooFast(platform: Platform, name: string, { args, installation }: Call): Answer | null {
  const channel = args.text('channel');
  const conversation = channel === '' ? null : conversationFor(platform, installation, channel);
  const place = typeof conversation === 'string' ? null : (conversation?.id ?? null);
  const wait = platform.limits.take(installation.key, name, place);
  return wait === null ? null : refused({ status: 429, retryAfterSeconds: Math.ceil(wait / 1000) });
}

/** Takes forms only, with the app's id and secret in them or as HTTP Basic. */
function access(request: IncomingMessage, platform: Platform, body: string): Answer {
  const isJson = (request.headers['content-type'] ?? '').startsWith('application/json');
  const form = new URLSearchParams(isJson ? '' : body);
  const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  if (basic !== undefined) {
    const [id = '', secret = ''] = Buffer.from(basic, 'base64').toString('utf8').split(':');
    form.set('client_id', decodeURIComponent(id));
    form.set('client_secret', decodeURIComponent(secret));
  }
  return { status: 200, body: platform.tokens.access(form) };
}

/** The consent page decides at once, as `tokens.consent` says, and sends the browser back. */
function consent(platform: Platform, query: URLSearchParams): Answer {
  const location = platform.tokens.authorize(query);
  if (location === null) return { status: 400, body: 'invalid client_id or redirect_uri' };
  return { status: 302, body: '', headers: { location } };
}

function refused({
  status,
  error,
  retryAfterSeconds: wait,
}: Omit<Extract<Refusal, { kind: 'refuse' }>, 'kind'>): Answer {
  const named = error ?? (status === 429 ? 'ratelimited' : 'internal_error');
  const headers: Record<string, string> = wait === undefined ? {} : { 'retry-after': String(wait) };
  return { status, body: { ok: false, error: named }, headers };
}
