/** The simulated platform's HTTP side on loopback, with the faults of each route. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Answer, faultAnswer, type Routed } from './answers.ts';
import { nextEventId } from './events.ts';
import { type Faults, type Route, routes } from './faults.ts';
import type { OpenApi } from './open-api.ts';

const maxBodyBytes = 2_000_000;

/** How often each route was called, refused requests and faults included. */
export type Counts = Record<Route | 'other', number>;

export interface SimulatorServer {
  /** `http://127.0.0.1:<port>`. */
  url: string;
  counts: Counts;
  close(): Promise<void>;
}

/** Listens on loopback; port 0 takes any free one. @throws the listener's error, e.g. for a port in use. */
export async function startServer(port: number, api: OpenApi, faults: Faults): Promise<SimulatorServer> {
  const counts = Object.fromEntries([...routes, 'other'].map((route) => [route, 0])) as Counts;
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    readBody(request).then(
      (body) => {
        const routed = route(request, body, api);
        counts['route' in routed ? routed.route : 'other'] += 1;
        if ('route' in routed) answer(request, response, routed, faults);
        else write(response, routed);
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

function route(request: IncomingMessage, body: string, api: OpenApi): Routed | Answer {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  return api.route({
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    authorization: request.headers.authorization,
    body,
  });
}

const serverError: Answer = { status: 500, body: { code: 2200, msg: 'internal error' } };

function answer(request: IncomingMessage, response: ServerResponse, routed: Routed, faults: Faults): void {
  const fault = faults.take(routed.route);
  if (fault === null) {
    write(response, routed.run());
    return;
  }
  switch (fault.kind) {
    case 'refuse':
    case 'throttle':
      write(response, faultAnswer(fault));
      break;
    case 'error_after':
      routed.run();
      write(response, serverError);
      break;
    case 'error_before':
      write(response, serverError);
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

function write(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'x-tt-logid': nextEventId(),
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
