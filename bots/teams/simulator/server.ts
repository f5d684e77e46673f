/** The simulated platform's HTTP side on loopback: key documents, token endpoint, connector, and the faults of each. */
import type { IncomingMessage } from 'node:http';
import {
  type Answer,
  type RouteCounts,
  type Routed,
  type SiteServer,
  startSite,
} from '../../shared/simulator/server.ts';
import { type Connector, failure } from './connector.ts';
import { type Faults, type Refusal, type Route, routes } from './faults.ts';
import type { Identity } from './identity.ts';

export type Counts = RouteCounts<Route>;
export type SimulatorServer = SiteServer<Route>;

/** Listens on loopback; port 0 takes any free one. @throws the listener's error, e.g. for a port in use. */
export function startServer(
  port: number,
  identity: Identity,
  connector: Connector,
  faults: Faults,
): Promise<SimulatorServer> {
  return startSite(port, {
    routes,
    faults,
    route: (request, body) => route(request, body, identity, connector),
    refuse,
    serverError: failure(500, 'InternalServerError'),
  });
}

function route(
  request: IncomingMessage,
  body: string,
  identity: Identity,
  connector: Connector,
): Routed<Route> | Answer {
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

function refuse({ status, code, message, retryAfterSeconds: wait }: Refusal): Answer {
  const named = code ?? (status === 429 ? 'TooManyRequests' : 'Refused');
  const headers: Record<string, string> = wait === undefined ? {} : { 'retry-after': String(wait) };
  return { ...failure(status, named, message), headers };
}
