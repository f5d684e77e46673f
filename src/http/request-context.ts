/** What a handler is given of a request, checked against the route's schemas, and whether the caller may. */
import type { Request } from 'express';
import { fieldErrors } from '../actions/run-action.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import { holdsNul } from './json-body.ts';
import type { ApiServices, Principal, Route, RouteContext } from './route.ts';

/** Everything that a handler is given but the tenant. @throws DeskbridgeError validation_error */
export function contextOf(
  services: ApiServices,
  route: Route,
  principal: Principal,
  request: Request,
): Omit<RouteContext<unknown, unknown>, 'tenant'> {
  const params = paramsOf(request);
  if (holdsNul(params)) throw invalid('path', [{ path: 'path', message: 'must not hold U+0000' }]);
  return {
    services,
    principal,
    params,
    query: route.query === undefined ? undefined : parse(route.query, request.query, 'query'),
    body: route.body === undefined ? undefined : parse(route.body, requireJson(request), 'body'),
    idempotency: null,
    accepts: (types) => request.accepts([...types]) || null,
    now: services.clock.now(),
  };
}

/** Path parameters besides the tenant. */
export function paramsOf(request: Request): Record<string, string> {
  const { tenant: _, ...params } = request.params as Record<string, string>;
  return params;
}

function parse(schema: NonNullable<Route['query']>, value: unknown, where: string): unknown {
  if (holdsNul(value)) throw invalid(where, [{ path: where, message: 'must not hold U+0000' }]);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(where, fieldErrors(parsed.error));
}

function invalid(where: string, fields: DeskbridgeError['fields']): DeskbridgeError {
  return new DeskbridgeError('validation_error', { detail: `The ${where} is not valid.`, fields });
}

/** The parsed body; an empty object when there is none. @throws DeskbridgeError unsupported_media_type */
function requireJson(request: Request): unknown {
  if (request.body !== undefined) return request.body;
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (Number(length ?? 0) > 0 || encoding !== undefined) throw new DeskbridgeError('unsupported_media_type');
  return {};
}

/** @throws DeskbridgeError forbidden */
export function requireCapability(principal: Principal, route: Route): void {
  if (route.capability === 'operator') {
    if (principal.kind !== 'operator') throw new DeskbridgeError('forbidden');
    return;
  }
  if (principal.capabilities.has(route.capability)) return;
  throw new DeskbridgeError('forbidden', { detail: `The permission ${route.capability} is missing.` });
}
