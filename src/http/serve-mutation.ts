/** A change through the admin API: the work, its idempotency and its one audit row commit together. */
import type { Request } from 'express';
import { isTransactionLost } from '../actions/run-action.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { Transaction } from '../infra/database.ts';
import type { JsonObject, JsonValue } from '../kernel/canonical-json.ts';
import { DeskbridgeError, type ErrorCode } from '../kernel/errors.ts';
import type { TenantRow } from '../tenants/tenant-store.ts';
import { IdempotentRequest, idempotencyKeyOf, type KeptAnswer } from './idempotency.ts';
import { databaseFault } from './problem.ts';
import { contextOf, paramsOf, requireCapability } from './request-context.ts';
import {
  type ApiServices,
  type MutationResult,
  type MutationRoute,
  type Principal,
  type RecordedAttempt,
  RefusedAttempt,
  type RouteContext,
} from './route.ts';

/** What goes back, and what happens once it is committed. */
export interface Answer extends KeptAnswer {
  afterCommit?: () => void;
}

export interface Call {
  services: ApiServices;
  route: MutationRoute;
  principal: Principal;
  request: Request;
  tenant: TenantRow;
  tx: Transaction;
}

/** `error` is whatever was thrown; its audit row is to be committed all the same. */
export type MutationOutcome = { answer: Answer; keysChanged: boolean } | { error: unknown };

/** @throws only what says that the transaction itself cannot go on */
export async function mutate(call: Call): Promise<MutationOutcome> {
  const { outcome, attempt } = await perform(call);
  // Last before the commit: the audit's head queues the tenant's mutations behind one another.
  if (attempt !== null) await audit(call, attempt);
  return outcome;
}

interface Performed {
  outcome: MutationOutcome;
  attempt: RecordedAttempt | null;
}

async function perform(call: Call): Promise<Performed> {
  try {
    return await call.tx.savepoint(() => attemptChange(call));
  } catch (thrown) {
    return refuse(call, thrown);
  }
}

async function attemptChange(call: Call): Promise<Performed> {
  const { services, route, principal, request, tenant, tx } = call;
  const key = idempotencyKeyOf(request);
  requireCapability(principal, route);
  requireLiveTenant(principal, tenant);
  const context = { ...contextOf(services, route, principal, request), tenant };
  const idempotent = key === null ? null : new IdempotentRequest(services, tx, principal, key);
  const repeated = (await idempotent?.claim(request)) ?? null;
  if (repeated !== null) return { outcome: { answer: repeated, keysChanged: false }, attempt: null };

  const result = await route.handle(tx, { ...context, idempotency: idempotent?.identity ?? null });
  const { body, afterCommit, keysChanged = false } = result;
  const kept = { status: result.status ?? route.status ?? 200, body };
  idempotent?.keep(kept);
  const answer = afterCommit === undefined ? kept : { ...kept, afterCommit };
  return { outcome: { answer, keysChanged }, attempt: attemptOfSuccess(route, context, result) };
}

/** Keys of a suspended tenant may still read; what is changed there is the operator's business. */
function requireLiveTenant(principal: Principal, tenant: TenantRow): void {
  if (tenant.status === 'active' || principal.kind === 'operator') return;
  throw new DeskbridgeError('forbidden', { detail: 'The tenant is suspended.' });
}

function attemptOfSuccess(
  route: MutationRoute,
  context: RouteContext,
  result: MutationResult,
): RecordedAttempt | null {
  if (result.attempt !== undefined) return result.attempt;
  if (result.changed === false) return null;
  const { params, query, body } = context;
  const input = { ...params, ...(query as JsonObject | undefined), ...(body as JsonObject | undefined) };
  const payload = { action: route.action, input, target: result.target };
  return { payload, result: 'success', errorCode: null, surface: 'admin', actorUserId: null };
}

function refuse(call: Call, thrown: unknown): Performed {
  if (thrown instanceof RefusedAttempt) return { outcome: { error: thrown.error }, attempt: thrown.attempt };
  const fault = thrown instanceof DeskbridgeError ? thrown : databaseFault(thrown);
  if (fault?.code === 'unavailable' || (fault === null && isTransactionLost(thrown))) throw thrown;
  const { services, route, request } = call;
  if (fault !== null) route.onRefused?.(services, fault, request.body);
  return { outcome: { error: fault ?? thrown }, attempt: attemptOfRefusal(call, fault?.code ?? 'internal') };
}

function attemptOfRefusal(call: Call, code: ErrorCode): RecordedAttempt | null {
  // A repeat under a reused key is the caller's mistake with a key, not an attempt at the change.
  if (code === 'idempotency_key_reused' || code === 'duplicate_submission') return null;
  const { services, route, request } = call;
  const params = paramsOf(request);
  const named =
    route.attemptOf === undefined
      ? { action: route.action, surface: 'admin' as const, input: rawInput(request, params) }
      : route.attemptOf(services, params, request.body);
  if (named === null) return null;
  return {
    payload: { action: named.action, input: named.input, target: null },
    result: code === 'forbidden' ? 'denied' : 'failure',
    errorCode: code,
    surface: named.surface,
    actorUserId: null,
  };
}

/** The input as it came, in the shape that a success has. */
function rawInput(request: Request, params: Record<string, string>): JsonValue {
  const body: unknown = request.body ?? {};
  const fields = typeof body === 'object' && !Array.isArray(body) ? (body as JsonObject) : { body };
  return { ...params, ...(request.query as JsonObject), ...(fields as JsonObject) };
}

async function audit(call: Call, attempt: RecordedAttempt): Promise<void> {
  const { services, principal, request, tx } = call;
  const key = request.headers['idempotency-key'];
  const entry = {
    ...attempt,
    actorKind: principal.kind,
    actorId: principal.id,
    platformUserId: null,
    platform: null,
    sourceId: request.method === 'POST' && typeof key === 'string' ? key.slice(0, 255) : null,
  };
  await recordAudit(tx, services.auditKeys, entry, services.clock.now());
}
