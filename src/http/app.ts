/** The HTTP application: platform endpoints over raw bytes first, then the admin API, then one error handler. */
import express, { type Express } from 'express';
import { DeskbridgeError } from '../kernel/errors.ts';
import { tenantRoutes } from './admin/tenants.ts';
import { problemHandler, requestIdOf } from './problem.ts';
import type { Route } from './route.ts';
import { type ServeDependencies, serveRoute } from './serve-route.ts';
import { type ServiceDependencies, serviceRoutes } from './service.ts';
import { type WebhookDependencies, webhookRoutes } from './webhooks.ts';

/** Every route of the admin API: a review shows them all. */
export const adminRoutes: readonly Route[] = [...tenantRoutes];

export interface AppDependencies {
  webhooks: WebhookDependencies;
  service: ServiceDependencies;
  api: ServeDependencies;
}

export function createApp(deps: AppDependencies): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('query parser', 'simple');
  app.use((_request, response, next) => {
    response.set({
      'X-Request-Id': requestIdOf(response),
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Cache-Control': 'no-store',
      'Content-Security-Policy':
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; frame-ancestors 'none'",
    });
    next();
  });
  // Verification needs the raw bytes, so no body is parsed before these.
  app.use(webhookRoutes(deps.webhooks));
  app.use(serviceRoutes(deps.service));
  app.use('/v1', express.json({ limit: '1mb', strict: true }));
  for (const route of adminRoutes) {
    app[route.method](route.path.replace(/\{(\w+)\}/g, ':$1'), (request, response) =>
      serveRoute(deps.api, route, request, response),
    );
  }
  app.use((_request, _response, next) => next(new DeskbridgeError('not_found')));
  app.use(problemHandler(deps.api.services.log));
  return app;
}
