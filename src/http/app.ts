/** The HTTP application: platform endpoints over raw bytes first, then the admin API, then one error handler. */
import express, { type Express, type RequestHandler } from 'express';
import { DeskbridgeError } from '../kernel/errors.ts';
import type { Log } from '../kernel/ports.ts';
import type { InstallDependencies } from '../registrations/install-links.ts';
import { actionRoutes } from './admin/actions.ts';
import { approvalRoutes } from './admin/approvals.ts';
import { auditEventRoutes } from './admin/audit-events.ts';
import { boardRoutes } from './admin/boards.ts';
import { clientRoutes } from './admin/clients.ts';
import { contactRoutes } from './admin/contacts.ts';
import { conversationRoutes } from './admin/conversations.ts';
import { deliveryRoutes } from './admin/deliveries.ts';
import { groupRoutes } from './admin/groups.ts';
import { keyRoutes } from './admin/keys.ts';
import { linkRoutes } from './admin/links.ts';
import { noteRoutes } from './admin/notes.ts';
import { notificationRoutes, notificationsPath } from './admin/notifications.ts';
import { preferenceRoutes } from './admin/preferences.ts';
import { registrationDoctorRoutes } from './admin/registration-doctor.ts';
import { registrationManifestRoutes } from './admin/registration-manifest.ts';
import { registrationRoutes } from './admin/registrations.ts';
import { settingsRoutes } from './admin/settings.ts';
import { tenantRoutes } from './admin/tenants.ts';
import { testNotificationRoutes } from './admin/test-notification.ts';
import { ticketRoutes } from './admin/tickets.ts';
import { userRoutes } from './admin/users.ts';
import { installRoutes } from './install.ts';
import { bodyLimits, jsonBody } from './json-body.ts';
import { problemHandler, requestIdOf } from './problem.ts';
import type { Route } from './route.ts';
import { type ServeDependencies, serveRoute } from './serve-route.ts';
import { type ServiceDependencies, serviceRoutes } from './service.ts';
import { type WebhookDependencies, webhookRoutes } from './webhooks.ts';

/** Every route of the admin API: a review shows them all. */
export const adminRoutes: readonly Route[] = [
  ...tenantRoutes,
  ...settingsRoutes,
  ...userRoutes,
  ...preferenceRoutes,
  ...groupRoutes,
  ...linkRoutes,
  ...keyRoutes,
  ...registrationRoutes,
  ...registrationDoctorRoutes,
  ...registrationManifestRoutes,
  ...conversationRoutes,
  ...actionRoutes,
  ...auditEventRoutes,
  ...clientRoutes,
  ...contactRoutes,
  ...boardRoutes,
  ...ticketRoutes,
  ...noteRoutes,
  ...approvalRoutes,
  ...notificationRoutes,
  ...testNotificationRoutes,
  ...deliveryRoutes,
];

export interface AppDependencies {
  /** Null in a process without the role `web`: it answers for its own health only. */
  web: { webhooks: WebhookDependencies; installs: InstallDependencies; api: ServeDependencies } | null;
  service: ServiceDependencies;
  log: Log;
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
  if (deps.web !== null) serveWeb(app, deps.web);
  app.use(serviceRoutes(deps.service));
  app.use((_request, _response, next) => next(new DeskbridgeError('not_found')));
  app.use(problemHandler(deps.log));
  return app;
}

function serveWeb(app: Express, { webhooks, installs, api }: NonNullable<AppDependencies['web']>): void {
  // Verification needs the raw bytes, so no body is parsed before these.
  app.use(webhookRoutes(webhooks));
  app.use(installRoutes(installs));
  // Large bodies are read for callers that are known; the second parser leaves what the first has read.
  app.post(expressPath(notificationsPath), knownCaller(api), jsonBody(bodyLimits.notifications));
  app.use('/v1', jsonBody());
  for (const route of adminRoutes) {
    app[route.method](expressPath(route.path), (request, response) =>
      serveRoute(api, route, request, response),
    );
  }
  refuseOtherMethods(app);
}

/** @throws DeskbridgeError unauthorized */
function knownCaller({ authenticator }: ServeDependencies): RequestHandler {
  return async (request, _response, next) => {
    await authenticator.principalOf(request.headers);
    next();
  };
}

/** A path that exists answers 405 to methods that it does not have, and says which it has. */
function refuseOtherMethods(app: Express): void {
  const methods = Map.groupBy(adminRoutes, (route) => route.path);
  for (const [path, routes] of methods) {
    const allowed = routes.map((route) => route.method.toUpperCase());
    if (allowed.includes('GET')) allowed.push('HEAD');
    const allow = [...allowed, 'OPTIONS'].join(', ');
    app.all(expressPath(path), (request, response, next) => {
      response.set('Allow', allow);
      if (request.method === 'OPTIONS') response.status(204).end();
      else next(new DeskbridgeError('method_not_allowed'));
    });
  }
}

/** `/users/{user_id}` → `/users/:user_id` */
function expressPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}
