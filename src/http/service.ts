/** What answers without a key: health, readiness, metrics, the API's description and the front page. */
import { Router } from 'express';
import type { Database } from '../infra/database.ts';
import type { Metrics } from '../infra/metrics.ts';
import type { JsonObject } from '../kernel/canonical-json.ts';
import { ticketPage } from './front-page.ts';

export interface ServiceDependencies {
  database: Database;
  metrics: Metrics;
  openApi: JsonObject;
  frontPage: string;
  /** Parts that lag without making the service unready, e.g. a sweep that does not come round. */
  degraded: () => string[];
}

export function serviceRoutes(deps: ServiceDependencies): Router {
  const router = Router();
  router.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  router.get('/readyz', async (_request, response) => {
    try {
      await Promise.race([deps.database.ping(), rejectAfter(2_000)]);
    } catch {
      response.status(503).json({ status: 'unavailable', reason: 'database' });
      return;
    }
    const degraded = deps.degraded();
    response.json({ status: degraded.length === 0 ? 'ok' : 'degraded', degraded });
  });
  router.get('/metrics', async (_request, response) => {
    response.type(deps.metrics.registry.contentType).send(await deps.metrics.registry.metrics());
  });
  router.get('/openapi.json', (_request, response) => {
    response.json(deps.openApi);
  });
  router.get('/', (_request, response) => {
    response.type('html').send(deps.frontPage);
  });
  router.get('/t/:slug/tickets/:number', (request, response, next) => {
    const { number } = request.params;
    if (/^\d{1,9}$/.test(number)) response.type('html').send(ticketPage(Number(number)));
    else next();
  });
  return router;
}

function rejectAfter(ms: number): Promise<never> {
  return new Promise((_resolve, reject) => setTimeout(() => reject(new Error('late')), ms).unref());
}
