/** What a route of the admin API is: one description from which the server and OpenAPI are made. */
import { z } from 'zod';
import type { AnyAction } from '../actions/define-action.ts';
import type { AuditKeys } from '../audit/audit-keys.ts';
import type { Nonces } from '../inbound/nonces.ts';
import type { Database, Sql, Transaction } from '../infra/database.ts';
import { decodeCursor, type KeysetPosition } from '../infra/keyset.ts';
import type { Metrics } from '../infra/metrics.ts';
import type { SecretBox } from '../infra/secret-box.ts';
import type { JsonObject } from '../kernel/canonical-json.ts';
import type { BotPlatform } from '../kernel/platform.ts';
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
  now: Date;
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
  /** For the actions route, which leaves the action's own audit row instead of one of surface `admin`. */
  audited?: boolean;
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
  handle: (tx: Transaction, context: RouteContext<Query>) => Promise<JsonObject>;
}

/** Changes in the tenant's transaction, with one audit row whatever the outcome. */
export interface MutationRoute<Query = unknown, Body = unknown> extends RouteDescription<Query, Body> {
  kind: 'mutation';
  /** Id in the audit, e.g. `user.create`. */
  action: string;
  handle: (tx: Transaction, context: RouteContext<Query, Body>) => Promise<MutationResult>;
}

/** Of the installation, not of a tenant: operators only. */
export interface OperatorRoute<Query = unknown, Body = unknown> extends RouteDescription<Query, Body> {
  kind: 'operator';
  handle: (directory: Sql, context: Omit<RouteContext<Query, Body>, 'tenant'>) => Promise<JsonObject | null>;
}

export type Route = ReadRoute | MutationRoute | OperatorRoute;

/** These three keep the types of query and body within one route, where they are checked, and forget them outside. */
export function readRoute<Query>(route: Omit<ReadRoute<Query>, 'kind'>): Route {
  return { kind: 'read', ...route } as unknown as Route;
}

export function mutationRoute<Query, Body>(route: Omit<MutationRoute<Query, Body>, 'kind'>): Route {
  return { kind: 'mutation', ...route } as unknown as Route;
}

export function operatorRoute<Query, Body>(route: Omit<OperatorRoute<Query, Body>, 'kind'>): Route {
  return { kind: 'operator', ...route } as unknown as Route;
}

/** Instants on the wire: RFC 3339 in UTC. */
export const instant = z.iso.datetime();
export const id = z.string();

/** Fields of every list's query; a resource adds its filters with `.extend`. */
export const pageQuery = z.object({
  limit: z.coerce
    .number()
    .int()
    .catch(50)
    .transform((limit) => Math.min(Math.max(limit, 1), 200))
    .default(50),
  cursor: z.string().max(500).optional(),
});

/** A page as the stores take it. @throws DeskbridgeError malformed_cursor */
export function toPageRequest(query: { limit: number; cursor?: string | undefined }): {
  limit: number;
  after: KeysetPosition | null;
} {
  return { limit: query.limit + 1, after: query.cursor === undefined ? null : decodeCursor(query.cursor) };
}

/** The schema of a list's answer. */
export function listOf(item: z.ZodType): z.ZodType {
  return z.object({ items: z.array(item), next_cursor: z.string().nullable() });
}
