/** The HTTP side of a simulated platform on loopback: reads requests, counts them by route, and has them meet faults. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonValue } from '../../../src/kernel/canonical-json.ts';
import type { CommonFault, SwitchedFaults } from './faults.ts';

const maxBodyBytes = 2_000_000;

export interface Answer {
  status: number;
  /** A text is sent as it is, anything else as JSON. */
  body: JsonValue;
  headers?: Record<string, string>;
}

/** A request that found its route: `run` has its effect and makes its answer. */
export interface Routed<Route extends string> {
  route: Route;
  run(): Answer;
}

/** A platform's routes, and the shape of its refusals. `Refusal`: the faults of its own. */
export interface Site<Route extends string, Refusal extends { kind: string }> {
  /** Counted from 0 on; others once they are called. */
  routes: readonly Route[];
  faults: SwitchedFaults<Route, Refusal | CommonFault>;
  /** The route of a request, or the answer to one that has none. */
  route(request: IncomingMessage, body: string): Routed<Route> | Answer;
  /** What a refusal answers. */
  refuse(fault: Refusal): Answer;
  /** What `error_before` and `error_after` answer. */
  serverError: Answer;
  /** What every answer carries besides its own headers. */
  headers?(): Record<string, string>;
}

/** How often each route was called, refused requests and faults included. */
export type RouteCounts<Route extends string> = Record<Route | 'other', number>;

export interface SiteServer<Route extends string> {
  /** `http://127.0.0.1:<port>`. */
  url: string;
  counts: RouteCounts<Route>;
  close(): Promise<void>;
}

/** Listens on loopback; port 0 takes any free one. @throws the listener's error, e.g. for a port in use. */
export async function startSite<Route extends string, Refusal extends { kind: string }>(
  port: number,
  site: Site<Route, Refusal>,
): Promise<SiteServer<Route>> {
  const counts = Object.fromEntries([...site.routes, 'other'].map((route) => [route, 0]));
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    readBody(request).then(
      (body) => {
        const routed = site.route(request, body);
        const name = 'route' in routed ? routed.route : 'other';
        counts[name] = (counts[name] ?? 0) + 1;
        const respond = (made: Answer) =>
          write(response, { ...made, headers: { ...site.headers?.(), ...made.headers } });
        if ('route' in routed) answer(site, request, routed, respond);
        else respond(routed);
      },
      () => request.socket.destroy(),
    );
  });
  await listen(server, port);
  const { port: boundPort } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${boundPort}`,
    counts: counts as RouteCounts<Route>,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer<Route extends string, Refusal extends { kind: string }>(
  site: Site<Route, Refusal>,
  request: IncomingMessage,
  routed: Routed<Route>,
  respond: (answer: Answer) => void,
): void {
  const fault = site.faults.take(routed.route);
  if (fault === null) respond(routed.run());
  else if (isCommon(fault)) meet(fault, request, routed, respond, site.serverError);
  else respond(site.refuse(fault));
}

const commonKinds: Record<CommonFault['kind'], true> = {
  error_before: true,
  error_after: true,
  drop_before: true,
  drop_after: true,
  slow: true,
  late: true,
  stall: true,
};

function isCommon<Refusal extends { kind: string }>(fault: Refusal | CommonFault): fault is CommonFault {
  return Object.hasOwn(commonKinds, fault.kind);
}

function meet(
  fault: CommonFault,
  request: IncomingMessage,
  routed: Routed<string>,
  respond: (answer: Answer) => void,
  serverError: Answer,
): void {
  switch (fault.kind) {
    case 'error_after':
      routed.run();
      respond(serverError);
      break;
    case 'error_before':
      respond(serverError);
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
      setTimeout(() => respond(late), fault.ms).unref();
      break;
    }
    case 'late':
      setTimeout(() => respond(routed.run()), fault.ms).unref();
  }
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
