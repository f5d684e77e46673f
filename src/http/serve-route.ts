/** Runs one route of the admin API: who, which tenant, may they, is it valid, then the work. */
import type { Request, Response } from 'express';
import { DeskbridgeError } from '../kernel/errors.ts';
import { isUuid } from '../kernel/ids.ts';
import { findTenant, type TenantRow } from '../tenants/tenant-store.ts';
import type { Authenticator } from './auth.ts';
import { requirePortable } from './json-body.ts';
import type { RateLimiter } from './rate-limit.ts';
import { contextOf, requireCapability } from './request-context.ts';
import { type ApiServices, FileAnswer, type Principal, type Route } from './route.ts';
import { type Answer, mutate } from './serve-mutation.ts';

export interface ServeDependencies {
  services: ApiServices;
  authenticator: Authenticator;
  limiter: RateLimiter;
}

/** @throws DeskbridgeError of every kind; the problem handler translates */
export async function serveRoute(
  deps: ServeDependencies,
  route: Route,
  request: Request,
  response: Response,
): Promise<void> {
  const principal = await deps.authenticator.principalOf(request.headers);
  limitRate(deps, principal);
  requirePortable(request.body);
  const answer =
    route.kind === 'operator'
      ? await serveOperator(deps, route, principal, request)
      : await serveTenant(deps, route, principal, request);
  answer.afterCommit?.();
  response.status(answer.status);
  if (answer.body === null) response.end();
  else if (answer.body instanceof FileAnswer) sendFile(response, answer.body);
  else response.json(answer.body);
}

/** What goes back: as a mutation answers, or a file. */
type Served = Omit<Answer, 'body'> & { body: Answer['body'] | FileAnswer };

/** Saved rather than shown, under a name of ours. */
function sendFile(response: Response, { contentType, filename, content }: FileAnswer): void {
  response.set({
    'Content-Type': contentType,
    'Content-Disposition': `attachment; filename="${filename}"`,
  });
  response.end(content);
}

async function serveOperator(
  deps: ServeDependencies,
  route: Extract<Route, { kind: 'operator' }>,
  principal: Principal,
  request: Request,
): Promise<Answer> {
  // To anybody else these routes are as if they were not there for their tenant: a plain 403 gives nothing away.
  if (principal.kind !== 'operator') throw new DeskbridgeError('forbidden');
  const context = contextOf(deps.services, route, principal, request);
  const body = await route.handle(deps.services.database.directory, context);
  return { status: route.status ?? 200, body };
}

async function serveTenant(
  deps: ServeDependencies,
  route: Exclude<Route, { kind: 'operator' }>,
  principal: Principal,
  request: Request,
): Promise<Served> {
  const { services } = deps;
  const tenant = await tenantFor(deps, principal, String(request.params.tenant));
  if (route.kind === 'read' || route.kind === 'outside') {
    requireCapability(principal, route);
    const context = { ...contextOf(services, route, principal, request), tenant };
    if (route.kind === 'outside') return { status: route.status ?? 200, body: await route.handle(context) };
    const body = await services.database.inTenant(tenant.tenant_id, (tx) => route.handle(tx, context));
    return { status: route.status ?? 200, body };
  }
  const outcome = await services.database.inTenant(
    tenant.tenant_id,
    (tx) => mutate({ services, route, principal, request, tenant, tx }),
    { fixedPlans: route.fixedPlans ?? false },
  );
  if ('error' in outcome) throw outcome.error;
  if (outcome.keysChanged) deps.authenticator.clear();
  return outcome.answer;
}

/**
 * A tenant that the caller is no member of and one that does not exist take the same path and give the same answer.
 * @throws DeskbridgeError not_found
 */
async function tenantFor(
  deps: ServeDependencies,
  principal: Principal,
  reference: string,
): Promise<TenantRow> {
  if (reference.includes('\0')) throw new DeskbridgeError('not_found');
  const key = isUuid(reference) ? { id: reference } : { slug: reference };
  const tenant = await findTenant(deps.services.database.directory, key);
  const member = tenant !== null && (principal.tenantId === null || principal.tenantId === tenant.tenant_id);
  if (!member) throw new DeskbridgeError('not_found');
  return tenant;
}

/** @throws DeskbridgeError rate_limited */
function limitRate(deps: ServeDependencies, principal: Principal): void {
  if (principal.kind === 'operator') return;
  const wait = deps.limiter.take(principal.id);
  if (wait > 0) throw new DeskbridgeError('rate_limited', { retryAfterSeconds: wait });
}
