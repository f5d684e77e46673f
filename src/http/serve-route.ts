/** Runs one route of the admin API: who, which tenant, may they, is it valid, then the work and its audit row. */
import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import { fieldErrors } from '../actions/run-action.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { Transaction } from '../infra/database.ts';
import { canonicalJson, type JsonObject, type JsonValue } from '../kernel/canonical-json.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import { isUuid } from '../kernel/ids.ts';
import { findTenant, type TenantRow } from '../tenants/tenant-store.ts';
import type { Authenticator } from './auth.ts';
import { claimKey, storeAnswer } from './idempotency-store.ts';
import type { RateLimiter } from './rate-limit.ts';
import type { ApiServices, MutationResult, MutationRoute, Principal, Route, RouteContext } from './route.ts';

export interface ServeDependencies {
  services: ApiServices;
  authenticator: Authenticator;
  limiter: RateLimiter;
}

interface Answer {
  status: number;
  body: JsonObject | null;
  afterCommit?: () => void;
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
  const answer =
    route.kind === 'operator'
      ? await serveOperator(deps, route, principal, request)
      : await serveTenant(deps, route, principal, request);
  answer.afterCommit?.();
  response.status(answer.status);
  if (answer.body === null) response.end();
  else response.json(answer.body);
}

async function serveOperator(
  deps: ServeDependencies,
  route: Extract<Route, { kind: 'operator' }>,
  principal: Principal,
  request: Request,
): Promise<Answer> {
  // To anybody else these routes are as if they were not there for their tenant: a plain 403 gives nothing away.
  if (principal.kind !== 'operator') throw new DeskbridgeError('forbidden');
  const context = contextOf(deps, route, principal, request);
  const body = await route.handle(deps.services.database.directory, context);
  return { status: route.status ?? 200, body };
}

async function serveTenant(
  deps: ServeDependencies,
  route: Exclude<Route, { kind: 'operator' }>,
  principal: Principal,
  request: Request,
): Promise<Answer> {
  const tenant = await tenantFor(deps, principal, String(request.params.tenant));
  const { database } = deps.services;
  if (route.kind === 'read') {
    requireCapability(principal, route);
    const context = { ...contextOf(deps, route, principal, request), tenant };
    const body = await database.inTenant(tenant.tenant_id, (tx) => route.handle(tx, context));
    return { status: route.status ?? 200, body };
  }
  const outcome = await database.inTenant(tenant.tenant_id, (tx) =>
    mutate(deps, route, { principal, request, tenant, tx }),
  );
  if ('error' in outcome) throw outcome.error;
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
  const key = isUuid(reference) ? { id: reference } : { slug: reference };
  const tenant = await findTenant(deps.services.database.directory, key);
  const member = tenant !== null && (principal.tenantId === null || principal.tenantId === tenant.tenant_id);
  if (!member) throw new DeskbridgeError('not_found');
  return tenant;
}

interface Call {
  principal: Principal;
  request: Request;
  tenant: TenantRow;
  tx: Transaction;
}

type MutationOutcome = { answer: Answer } | { error: DeskbridgeError };

/** The change, its idempotency and its audit row commit together; a refusal commits its audit row alone. */
async function mutate(deps: ServeDependencies, route: MutationRoute, call: Call): Promise<MutationOutcome> {
  const { principal, request, tenant, tx } = call;
  const idempotencyKey = idempotencyKeyOf(request);
  let input: JsonValue = inputOf(request);
  try {
    const done = await tx.savepoint(async () => {
      requireCapability(principal, route);
      const context = { ...contextOf(deps, route, principal, request), tenant };
      input = { ...request.params, ...(context.body as JsonObject | undefined) };
      const repeated = await findRepeat(deps, route, call, idempotencyKey);
      if (repeated !== null) return { answer: repeated, result: null };
      const result = await route.handle(tx, context);
      const answer = toAnswer(route, result);
      keepAnswer(deps, tx, principal, idempotencyKey, answer);
      return { answer, result };
    });
    if (done.result !== null && done.result.changed !== false && done.result.audited !== true) {
      await audit(deps, tx, route, principal, {
        input,
        target: done.result.target,
        error: null,
        idempotencyKey,
      });
    }
    return { answer: done.answer };
  } catch (thrown) {
    if (!(thrown instanceof DeskbridgeError) || thrown.code === 'unavailable') throw thrown;
    await audit(deps, tx, route, principal, { input, target: null, error: thrown, idempotencyKey });
    return { error: thrown };
  }
}

function toAnswer(route: MutationRoute, result: MutationResult): Answer {
  return {
    status: result.status ?? route.status ?? 200,
    body: result.body,
    ...(result.afterCommit === undefined ? {} : { afterCommit: result.afterCommit }),
  };
}

async function findRepeat(
  deps: ServeDependencies,
  route: MutationRoute,
  call: Call,
  key: string | null,
): Promise<Answer | null> {
  if (key === null) return null;
  const { principal, request, tx } = call;
  const owner = principalKey(principal);
  const payload = { method: route.method, path: request.path, body: (request.body ?? null) as JsonValue };
  const fingerprint = createHash('sha256').update(canonicalJson(payload)).digest('hex');
  const stored = await claimKey(tx, { principal: owner, key, fingerprint, now: deps.services.clock.now() });
  if (stored === null) return null;
  if (stored.fingerprint !== fingerprint) throw new DeskbridgeError('idempotency_key_reused');
  if (stored.status === null || stored.response === null) throw new DeskbridgeError('duplicate_submission');
  const opened = deps.services.secrets.open(stored.response, `idempotency:${tx.tenantId}:${owner}:${key}`);
  return { status: stored.status, body: JSON.parse(opened) as JsonObject | null };
}

function keepAnswer(
  deps: ServeDependencies,
  tx: Transaction,
  principal: Principal,
  key: string | null,
  answer: Answer,
): void {
  if (key === null) return;
  const owner = principalKey(principal);
  const response = deps.services.secrets.seal(
    JSON.stringify(answer.body),
    `idempotency:${tx.tenantId}:${owner}:${key}`,
  );
  storeAnswer(tx, { principal: owner, key, status: answer.status, response });
}

async function audit(
  deps: ServeDependencies,
  tx: Transaction,
  route: MutationRoute,
  principal: Principal,
  attempt: {
    input: JsonValue;
    target: MutationResult['target'];
    error: DeskbridgeError | null;
    idempotencyKey: string | null;
  },
): Promise<void> {
  const { input, target, error, idempotencyKey } = attempt;
  // A repeat under a reused key is the caller's mistake with a key, not an attempt at the change.
  if (error?.code === 'idempotency_key_reused' || error?.code === 'duplicate_submission') return;
  await recordAudit(
    tx,
    deps.services.auditKeys,
    {
      payload: { action: route.action, input, target },
      actorKind: principal.kind,
      actorId: principal.id,
      actorUserId: null,
      platformUserId: null,
      platform: null,
      surface: 'admin',
      sourceId: idempotencyKey,
      result: error === null ? 'success' : error.code === 'forbidden' ? 'denied' : 'failure',
      errorCode: error?.code ?? null,
    },
    deps.services.clock.now(),
  );
}

function contextOf(
  deps: ServeDependencies,
  route: Route,
  principal: Principal,
  request: Request,
): Omit<RouteContext<unknown, unknown>, 'tenant'> {
  const { tenant: _, ...params } = request.params as Record<string, string>;
  return {
    services: deps.services,
    principal,
    params,
    query: route.query === undefined ? undefined : parse(route.query, request.query, 'query'),
    body: route.body === undefined ? undefined : parse(route.body, requireJson(request), 'body'),
    now: deps.services.clock.now(),
  };
}

function parse(schema: NonNullable<Route['query']>, value: unknown, where: string): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new DeskbridgeError('validation_error', {
    detail: `The ${where} is not valid.`,
    fields: fieldErrors(parsed.error),
  });
}

function requireJson(request: Request): unknown {
  if (request.body !== undefined) return request.body;
  if (Number(request.headers['content-length'] ?? 0) > 0) throw new DeskbridgeError('unsupported_media_type');
  return {};
}

function requireCapability(principal: Principal, route: Route): void {
  if (route.capability === 'operator') {
    if (principal.kind !== 'operator') throw new DeskbridgeError('forbidden');
    return;
  }
  if (principal.capabilities.has(route.capability)) return;
  throw new DeskbridgeError('forbidden', { detail: `The permission ${route.capability} is missing.` });
}

function limitRate(deps: ServeDependencies, principal: Principal): void {
  if (principal.kind === 'operator') return;
  const wait = deps.limiter.take(principal.id);
  if (wait > 0) throw new DeskbridgeError('rate_limited', { retryAfterSeconds: wait });
}

function inputOf(request: Request): JsonValue {
  return { ...(request.params as Record<string, string>), body: (request.body ?? null) as JsonValue };
}

function idempotencyKeyOf(request: Request): string | null {
  if (request.method !== 'POST') return null;
  const key = request.headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key === 'string' && /^[\x20-\x7e]{1,255}$/.test(key)) return key;
  throw new DeskbridgeError('validation_error', {
    fields: [{ path: 'Idempotency-Key', message: '1 to 255 ASCII characters' }],
  });
}

function principalKey(principal: Principal): string {
  return `${principal.kind}:${principal.id}`;
}
