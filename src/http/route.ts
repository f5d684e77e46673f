/** What a route of the admin API is: one description from which the server and OpenAPI are made. */
import { z } from 'zod';
import type { AnyAction } from '../actions/define-action.ts';
import type { Attempt } from '../actions/run-action.ts';
import type { AuditKeys } from '../audit/audit-keys.ts';
import type { Nonces } from '../inbound/nonces.ts';
import type { Database, Sql, Transaction } from '../infra/database.ts';
import { decodeCursor, type KeysetPosition, type PageRequest } from '../infra/keyset.ts';
import type { Metrics } from '../infra/metrics.ts';
import type { SecretBox } from '../infra/secret-box.ts';
import type { Surface } from '../kernel/activity.ts';
import type { JsonObject, JsonValue } from '../kernel/canonical-json.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import { isUuid } from '../kernel/ids.ts';
import type { BotPlatform, BotRuntime, PlatformEnvironment } from '../kernel/platform.ts';
import type { Clock, Log } from '../kernel/ports.ts';
import type { RegistrationDirectory } from '../registrations/app-directory.ts';
import type { Capability, Role } from '../tenants/capabilities.ts';
import type { LinkCodes } from '../tenants/links.ts';
import type { TenantRow } from '../tenants/tenant-store.ts';

/** Who calls: an operator of the installation, or a key of one tenant. */
export interface Principal {
  kind: 'operator' | 'key';
  /** Id of the key; `operator` for the operator token. */
  id: string;
  /** The key's tenant; null: every tenant. */
  tenantId: string | null;
  role: Role;
  capabilities: ReadonlySet<Capability>;
}

/** What handlers may use. */
export interface ApiServices {
  database: Database;
  auditKeys: AuditKeys;
  secrets: SecretBox;
  linkCodes: LinkCodes;
  nonces: Nonces;
  registrations: RegistrationDirectory;
  platforms: ReadonlyMap<string, BotPlatform>;
  /** What a platform was given of the configuration. */
  environment: (platform: string) => PlatformEnvironment;
  /** The runtime of a platform, loaded at its first use. */
  runtime: (platform: string) => Promise<BotRuntime>;
  actions: ReadonlyMap<string, AnyAction>;
  metrics: Metrics;
  clock: Clock;
  log: Log;
  publicUrl: string;
}

export interface RouteContext<Query = unknown, Body = unknown> {
  tenant: TenantRow;
  services: ApiServices;
  principal: Principal;
  /** Path parameters besides the tenant, as they came. */
  params: Record<string, string>;
  query: Query;
  body: Body;
  /** The caller's idempotency key, as theirs alone, with what identifies the request; null without one. */
  idempotency: { key: string; fingerprint: string } | null;
  /** Which of these content types the caller likes best; null: none of them. */
  accepts: (types: readonly string[]) => string | null;
  now: Date;
}

/** A file, where a route answers one instead of JSON. */
export class FileAnswer {
  readonly contentType: string;
  readonly filename: string;
  readonly content: Uint8Array;

  constructor(file: { contentType: string; filename: string; content: Uint8Array }) {
    this.contentType = file.contentType;
    this.filename = file.filename;
    this.content = file.content;
  }
}

export interface MutationResult {
  body: JsonObject | null;
  /** What was changed, for the audit. */
  target: { kind: string; id: string } | null;
  /** False: nothing was changed after all, and no audit row is written. */
  changed?: boolean;
  /** Overrides the route's status. */
  status?: number;
  /** Runs after the commit. */
  afterCommit?: () => void;
  /** A key was revoked: after the commit this process forgets what it knows of keys. */
  keysChanged?: boolean;
  /** What the audit says instead of the route's own action; null: it was no attempt at a change. */
  attempt?: RecordedAttempt | null;
}

/** An attempt at an action in somebody's name, as the audit has it. */
export interface RecordedAttempt extends Attempt {
  surface: Surface;
  /** The person in whose name; null when nobody was found. */
  actorUserId: string | null;
}

/** Thrown by a handler that knows itself what the audit has to say of the refusal; null: no row. */
export class RefusedAttempt extends Error {
  readonly error: DeskbridgeError;
  readonly attempt: RecordedAttempt | null;

  constructor(error: DeskbridgeError, attempt: RecordedAttempt | null) {
    super(error.message, { cause: error });
    this.error = error;
    this.attempt = attempt;
  }
}

/** What a refused request was an attempt at. */
export interface NamedAttempt {
  action: string;
  surface: Surface;
  input: JsonValue;
}

interface RouteDescription<Query, Body> {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** OpenAPI's form: `/v1/tenants/{tenant}/users/{user_id}`. */
  path: string;
  /** Groups routes in the documentation. */
  tag: string;
  summary: string;
  capability: Capability | 'operator';
  query?: z.ZodType<Query>;
  body?: z.ZodType<Body>;
  response: z.ZodType;
  /** Status of success; 200 by default. */
  status?: number;
}

/** Reads in the tenant's transaction. */
export interface ReadRoute<Query = unknown> extends RouteDescription<Query, undefined> {
  kind: 'read';
  /** Content types of the files that it answers instead of JSON; `response` then says nothing. */
  produces?: readonly string[];
  handle: (tx: Transaction, context: RouteContext<Query>) => Promise<JsonObject | FileAnswer>;
}

/** Changes in the tenant's transaction, with one audit row whatever the outcome. */
export interface MutationRoute<Query = unknown, Body = unknown> extends RouteDescription<Query, Body> {
  kind: 'mutation';
  /** Id in the audit, e.g. `user.create`. */
  action: string;
  /** What the audit calls a request that is refused, where that is not `action`; null leaves no row. */
  attemptOf?: (services: ApiServices, params: Record<string, string>, body: unknown) => NamedAttempt | null;
  /** Its statements find rows by keys, whatever the values: PostgreSQL plans each once, not every time. */
  fixedPlans?: boolean;
  /** Counts a refusal. */
  onRefused?: (services: ApiServices, error: DeskbridgeError, body: unknown) => void;
  handle: (tx: Transaction, context: RouteContext<Query, Body>) => Promise<MutationResult>;
}

/** Of the installation, not of a tenant: operators only. */
export interface OperatorRoute<Query = unknown, Body = unknown> extends RouteDescription<Query, Body> {
  kind: 'operator';
  handle: (directory: Sql, context: Omit<RouteContext<Query, Body>, 'tenant'>) => Promise<JsonObject | null>;
}

/** Calls out, hence stands outside any transaction; those that it needs are its own. */
export interface OutsideRoute<Query = unknown> extends RouteDescription<Query, undefined> {
  kind: 'outside';
  handle: (context: RouteContext<Query>) => Promise<JsonObject>;
}

export type Route = ReadRoute | MutationRoute | OperatorRoute | OutsideRoute;

/** These four keep the types of query and body within one route, where they are checked, and forget them outside. */
export function readRoute<Query>(route: Omit<ReadRoute<Query>, 'kind'>): Route {
  return { kind: 'read', ...route } as unknown as Route;
}

export function mutationRoute<Query, Body>(route: Omit<MutationRoute<Query, Body>, 'kind'>): Route {
  return { kind: 'mutation', ...route } as unknown as Route;
}

export function outsideRoute<Query>(route: Omit<OutsideRoute<Query>, 'kind'>): Route {
  return { kind: 'outside', ...route } as unknown as Route;
}

export function operatorRoute<Query, Body>(route: Omit<OperatorRoute<Query, Body>, 'kind'>): Route {
  return { kind: 'operator', ...route } as unknown as Route;
}

/** Instants on the wire: RFC 3339 in UTC. */
export const instant = z.iso.datetime();
/** An instant that a caller sends: RFC 3339 with any offset. */
export const anyInstant = z.iso.datetime({ offset: true, message: 'an RFC 3339 instant with its offset' });
export const id = z.string();
/** Id of another record in a body or a filter. */
export const recordId = z.guid('an id').toLowerCase();
/** Body of a request that needs none. */
export const noBody = z.strictObject({});

const maxLimit = 200;

/** Fields of every list's query; a resource adds its filters with `.extend`. */
export const pageQuery = z.object({
  limit: z.coerce
    .number('a whole number')
    .int('a whole number')
    .transform((limit) => Math.min(Math.max(limit, 1), maxLimit))
    .default(50)
    .describe(`Rows of a page; clamped to 1 to ${maxLimit}`),
  cursor: z.string().max(500).optional().describe('next_cursor of the page before'),
});

/** A page as the row stores take it: one row more than asked for. @throws DeskbridgeError malformed_cursor */
export function toPageRequest(query: { limit: number; cursor?: string | undefined }): {
  limit: number;
  after: KeysetPosition | null;
} {
  const request = toDeskPage(query);
  return { ...request, limit: request.limit + 1 };
}

/** A page as the desk's lists take it. @throws DeskbridgeError malformed_cursor */
export function toDeskPage(query: { limit: number; cursor?: string | undefined }): PageRequest {
  return { limit: query.limit, after: query.cursor === undefined ? null : decodeCursor(query.cursor) };
}

/** The schema of a list's answer. */
export function listOf(item: z.ZodType): z.ZodType {
  return z.object({ items: z.array(item), next_cursor: z.string().nullable() });
}

/** Id in the path. @throws DeskbridgeError not_found for what cannot be an id */
export function idIn(params: Record<string, string>, name: string): string {
  const value = params[name] ?? '';
  if (!isUuid(value)) throw new DeskbridgeError('not_found');
  return value.toLowerCase();
}

/** The record that was looked up. @throws DeskbridgeError not_found when there is none */
export function found<Row>(row: Row | null): Row {
  if (row === null) throw new DeskbridgeError('not_found');
  return row;
}
