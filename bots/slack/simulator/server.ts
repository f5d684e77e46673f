/** The simulated platform's HTTP side on loopback: Web API, response URLs, consent page, and the faults of each. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { appMethods } from './app-methods.ts';
import { Arguments } from './arguments.ts';
import { chatMethods, respond } from './chat-methods.ts';
import { conversationMethods } from './conversation-methods.ts';
import type { Fault, Faults, Route } from './faults.ts';
import { type Answer, failed, type Method, type Platform } from './method.ts';
import { viewMethods } from './view-methods.ts';

type RefuseFault = Extract<Fault, { kind: 'refuse' }>;

const maxBodyBytes = 2_000_000;

const methods = new Map<string, Method>(
  Object.entries({ ...appMethods, ...chatMethods, ...conversationMethods, ...viewMethods }),
);

/** How often each route was called, refused requests and faults included. */
export type Counts = Record<Route, number>;

export interface SimulatorServer {
  /** `http://127.0.0.1:<port>`. */
  url: string;
  counts: Counts;
  close(): Promise<void>;
}

/** A request that found its route: `run` has its effect and makes its answer. */
interface Routed {
  route: Route;
  run(): Answer;
}

/** Listens on loopback; port 0 takes any free one. @throws the listener's error, e.g. for a port in use. */
export async function startServer(
  port: number,
  platform: Platform,
  faults: Faults,
): Promise<SimulatorServer> {
  const counts: Counts = {};
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    readBody(request).then(
      (body) => {
        const routed = routeOf(request, body, platform);
        counts[routed.route] = (counts[routed.route] ?? 0) + 1;
        const fault = faults.take(routed.route);
        if (fault === null) write(response, routed.run());
        else meet(fault, request, response, routed);
      },
      () => request.socket.destroy(),
    );
  });
  await listen(server, port);
  const { port: boundPort } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${boundPort}`,
    counts,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function routeOf(request: IncomingMessage, body: string, platform: Platform): Routed {
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
  const { installation, scopes } = check;
  return method(platform, { args, token, installation, scopes });
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

function meet(fault: Fault, request: IncomingMessage, response: ServerResponse, routed: Routed): void {
  switch (fault.kind) {
    case 'error':
      write(response, failed(fault.error));
      break;
    case 'refuse':
      write(response, refused(fault));
      break;
    case 'error_after':
      routed.run();
      write(response, refused({ status: 500 }));
      break;
    case 'error_before':
      write(response, refused({ status: 500 }));
      break;
    case 'drop_after':
      routed.run();
      request.socket.destroy();
      break;
    case 'drop_before':
      request.socket.destroy();
      break;
    case 'stall':
      break;
    case 'slow': {
      const late = routed.run();
      setTimeout(() => write(response, late), fault.ms).unref();
    }
  }
}

function refused({ status, error, retryAfterSeconds: wait }: Omit<RefuseFault, 'kind'>): Answer {
  const named = error ?? (status === 429 ? 'ratelimited' : 'internal_error');
  const headers: Record<string, string> = wait === undefined ? {} : { 'retry-after': String(wait) };
  return { status, body: { ok: false, error: named }, headers };
}

function write(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  const isText = typeof body === 'string';
  const text = isText ? body : JSON.stringify(body);
  response.writeHead(status, {
    'content-type': isText ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

function readBody(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBodyBytes) reject(new Error('the body is too large'));
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.on('error', reject);
  });
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}
