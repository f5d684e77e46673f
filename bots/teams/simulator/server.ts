/** The simulated platform's HTTP side on loopback: key documents, token endpoint, connector, and the faults of each. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Answer, type Connector, failure, type Routed } from './connector.ts';
import type { Faults, Route } from './faults.ts';
import type { Identity } from './identity.ts';

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
export async function startServer(
  port: number,
  identity: Identity,
  connector: Connector,
  faults: Faults,
): Promise<SimulatorServer> {
  const counts: Counts = {
    send: 0,
    update: 0,
    delete: 0,
    create_conversation: 0,
    members: 0,
    token: 0,
    openid: 0,
    keys: 0,
    other: 0,
  };
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    readBody(request).then(
      (body) => {
        const routed = route(request, body, identity, connector);
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

function route(
  request: IncomingMessage,
  body: string,
  identity: Identity,
  connector: Connector,
): Routed | Answer {
  const base = `http://${request.headers.host ?? '127.0.0.1'}`;
  const url = new URL(request.url ?? '/', base);
  if (url.pathname === '/v1/.well-known/openidconfiguration') {
    return {
      route: 'openid',
      run: () => ({
        status: 200,
        body: {
          issuer: 'https://api.botframework.com',
          jwks_uri: `${base}/v1/.well-known/keys`,
          id_token_signing_alg_values_supported: ['RS256'],
        },
      }),
    };
  }
  if (url.pathname === '/v1/.well-known/keys') {
    return { route: 'keys', run: () => ({ status: 200, body: identity.keySet() }) };
  }
  const authority = /^\/([^/]+)\/oauth2\/v2\.0\/token$/.exec(url.pathname)?.[1];
  if (authority !== undefined) {
    const form = new URLSearchParams(body);
    return { route: 'token', run: () => identity.issue(decodeURIComponent(authority), form) };
  }
  // Real service URLs have a region and the organization before the version.
  const at = url.pathname.indexOf('/v3/');
  if (at === -1) return failure(404, 'NotFound');
  return connector.route(request, url.pathname.slice(at + '/v3/'.length), url.searchParams, body);
}

function answer(request: IncomingMessage, response: ServerResponse, routed: Routed, faults: Faults): void {
  const fault = faults.take(routed.route);
  if (fault === null) {
    write(response, routed.run());
    return;
  }
  switch (fault.kind) {
    case 'refuse': {
      const { status, message, retryAfterSeconds: wait } = fault;
      const code = fault.code ?? (status === 429 ? 'TooManyRequests' : 'Refused');
      write(
        response,
        failure(status, code, message),
        wait === undefined ? {} : { 'retry-after': String(wait) },
      );
      break;
    }
    case 'error_after':
      routed.run();
      write(response, failure(500, 'InternalServerError'));
      break;
    case 'error_before':
      write(response, failure(500, 'InternalServerError'));
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

function write(
  response: ServerResponse,
  { status, body }: Answer,
  headers: Record<string, string> = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
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
