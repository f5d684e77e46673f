/** The simulated platform's HTTP side on loopback, with the faults of each route. */
import type { IncomingMessage } from 'node:http';
import { type RouteCounts, type SiteServer, startSite } from '../../shared/simulator/server.ts';
import { faultAnswer } from './answers.ts';
import { nextEventId } from './events.ts';
import { type Faults, type Route, routes } from './faults.ts';
import type { OpenApi } from './open-api.ts';

export type Counts = RouteCounts<Route>;
export type SimulatorServer = SiteServer<Route>;

/** Listens on loopback; port 0 takes any free one. @throws the listener's error, e.g. for a port in use. */
export function startServer(port: number, api: OpenApi, faults: Faults): Promise<SimulatorServer> {
  return startSite(port, {
    routes,
    faults,
    route: (request, body) => route(request, body, api),
    refuse: faultAnswer,
    serverError: { status: 500, body: { code: 2200, msg: 'internal error' } },
    headers: () => ({ 'x-tt-logid': nextEventId() }),
  });
}

function route(request: IncomingMessage, body: string, api: OpenApi) {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  return api.route({
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    authorization: request.headers.authorization,
    body,
  });
}
