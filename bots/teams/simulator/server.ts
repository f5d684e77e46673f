/** The simulated platform's HTTP side on loopback: key documents, token endpoint, connector, and the faults of each. */
import type { IncomingMessage } from 'node:http';
import {
  type Answer,
  type RouteCounts,
  type Routed,
  type SiteServer,
  startSite,
} from '../../shared/simulator/server.ts';
import { failure } from './answers.ts';
import type { Connector } from './connector.ts';
import { type Faults, type Refusal, type Route, routes } from './faults.ts';
import type { Graph } from './graph.ts';
import type { Identity } from './identity.ts';

export type Counts = RouteCounts<Route>;
export type SimulatorServer = SiteServer<Route>;

/** What stands behind the addresses. */
export interface Sites {
  identity: Identity;
  connector: Connector;
  graph: Graph;
  faults: Faults;
}

/** Listens on loopback; port 0 takes any free one. @throws the listener's error, e.g. for a port in use. */
export function startServer(port: number, sites: Sites): Promise<SimulatorServer> {
  return startSite(port, {
    routes,
    faults: sites.faults,
    route: (request, body) => route(request, body, sites),
    refuse,
    serverError: failure(500, 'InternalServerError'),
  });
}

function route(request: IncomingMessage, body: string, sites: Sites): Routed<Route> | Answer {
  const { identity, connector, graph } = sites;
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
  if (url.pathname.startsWith('/v1.0/')) return graph.route(request, url, body);
  // Real service URLs have a region and the organization before the version.
  const at = url.pathname.indexOf('/v3/');
  if (at === -1) return failure(404, 'NotFound');
  return connector.route(request, url.pathname.slice(0, at), url, body);
}

function refuse({ status, code, message, retryAfterSeconds: wait }: Refusal): Answer {
  const named = code ?? (status === 429 ? 'TooManyRequests' : 'Refused');
  const headers: Record<string, string> = wait === undefined ? {} : { 'retry-after': String(wait) };
  return { ...failure(status, named, message), headers };
}
