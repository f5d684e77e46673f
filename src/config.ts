/** Environment → frozen settings; every fault is reported, all of them together. */
import { resolve } from 'node:path';
import { z } from 'zod';

export const roles = ['web', 'notifier', 'worker'] as const;
export type Role = (typeof roles)[number];

export interface Config {
  host: string;
  port: number;
  /** Null: the embedded database. */
  databaseUrl: string | null;
  dataDir: string;
  roles: readonly Role[];
  /** Null: generated and kept in the data directory (demo and development only). */
  adminToken: string | null;
  /** 32-byte keys, the current one first; null: generated and kept in the data directory. */
  secretKeys: readonly Buffer[] | null;
  publicUrl: string;
  demo: boolean;
  production: boolean;
  logLevel: string;
  teams: {
    openIdUrl: string | null;
    loginUrl: string | null;
    /** For conversations that nobody spoke in yet. */
    serviceUrl: string | null;
    serviceHosts: readonly string[];
  };
  /** Web API base, without a slash at its end; null: Slack's own. */
  slack: { apiUrl: string | null };
  /** Open API origin; null: Feishu's or Lark's, by the registration. */
  lark: { apiUrl: string | null };
  /** Microsoft Graph's base with its version, and its authority base; null: Microsoft's, by the registration's cloud. */
  graph: { apiUrl: string | null; loginUrl: string | null };
  /** Whole days that deliveries are kept at least; they go by the month. */
  deliveryRetentionDays: number;
}

/** One or more settings are missing or wrong; `faults` has a sentence for each. */
export class ConfigError extends Error {
  readonly faults: string[];

  constructor(faults: string[]) {
    super(`The configuration is not valid:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether the URL's host is this machine. */
export function isLoopbackUrl(url: URL): boolean {
  return loopbackHosts.has(url.hostname);
}

const flag = z.enum(['0', '1', 'true', 'false']).transform((text) => text === '1' || text === 'true');
const outboundUrl = z
  .string()
  .refine(isAllowedUrl, 'must be an https URL; plain http is taken only on loopback');
const hostList = z.string().transform((text) =>
  text
    .split(',')
    .map((host) => host.trim().toLowerCase())
    .filter((host) => host !== ''),
);

const environmentSchema = z.object({
  PORT: z.coerce.number('must be a port number').int().min(0).max(65_535).default(3978),
  HOST: z.string().default('127.0.0.1'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres://')
    .optional(),
  DESKBRIDGE_DATA_DIR: z.string().default('.deskbridge'),
  DESKBRIDGE_ROLES: z
    .string()
    .default(roles.join(','))
    .transform(splitList)
    .pipe(z.array(z.enum(roles)).min(1)),
  DESKBRIDGE_ADMIN_TOKEN: z.string().min(16, 'must have at least 16 characters').optional(),
  DESKBRIDGE_SECRET_KEY: z
    .string()
    .transform(splitList)
    .transform((keys) => keys.map((key) => Buffer.from(key, 'base64')))
    .refine(
      (keys) => keys.every((key) => key.length === 32),
      'must be 32 bytes in base64 (openssl rand -base64 32)',
    )
    .optional(),
  DESKBRIDGE_PUBLIC_URL: z.url('must be a URL').optional(),
  DESKBRIDGE_DEMO: flag.optional(),
  DESKBRIDGE_TEAMS_OPENID_URL: outboundUrl.optional(),
  DESKBRIDGE_TEAMS_LOGIN_URL: outboundUrl.optional(),
  DESKBRIDGE_TEAMS_SERVICE_URL: outboundUrl.optional(),
  DESKBRIDGE_TEAMS_SERVICE_HOSTS: hostList.default([]),
  DESKBRIDGE_SLACK_API_URL: outboundUrl.optional(),
  DESKBRIDGE_LARK_API_URL: outboundUrl.optional(),
  DESKBRIDGE_GRAPH_API_URL: outboundUrl.optional(),
  DESKBRIDGE_GRAPH_LOGIN_URL: outboundUrl.optional(),
  DESKBRIDGE_DELIVERY_RETENTION_DAYS: z.coerce
    .number('must be a number of days')
    .int('must be a whole number of days')
    .min(1, 'must be at least 1')
    .max(3_650, 'must be at most 3650')
    .default(90),
  NODE_ENV: z.string().optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});

/**
 * Reads the settings. An empty variable counts as unset.
 * @throws ConfigError naming every fault; values are never quoted
 */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const present = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value.trim() !== ''),
  );
  const parsed = environmentSchema.safeParse(present);
  const faults = parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${issue.path[0]?.toString() ?? 'environment'}: ${issue.message}`);
  faults.push(...productionFaults(present));
  if (!parsed.success || faults.length > 0) throw new ConfigError(faults);
  return toConfig(parsed.data);
}

function toConfig(environment: z.output<typeof environmentSchema>): Config {
  const production = environment.NODE_ENV === 'production';
  return Object.freeze({
    host: environment.HOST,
    port: environment.PORT,
    databaseUrl: environment.DATABASE_URL ?? null,
    dataDir: resolve(environment.DESKBRIDGE_DATA_DIR),
    roles: environment.DESKBRIDGE_ROLES,
    adminToken: environment.DESKBRIDGE_ADMIN_TOKEN ?? null,
    secretKeys: environment.DESKBRIDGE_SECRET_KEY ?? null,
    publicUrl:
      withoutSlash(environment.DESKBRIDGE_PUBLIC_URL) ?? `http://${environment.HOST}:${environment.PORT}`,
    demo: environment.DESKBRIDGE_DEMO ?? !production,
    production,
    logLevel: environment.LOG_LEVEL,
    teams: {
      openIdUrl: environment.DESKBRIDGE_TEAMS_OPENID_URL ?? null,
      loginUrl: environment.DESKBRIDGE_TEAMS_LOGIN_URL ?? null,
      serviceUrl: withoutSlash(environment.DESKBRIDGE_TEAMS_SERVICE_URL),
      serviceHosts: environment.DESKBRIDGE_TEAMS_SERVICE_HOSTS,
    },
    slack: { apiUrl: withoutSlash(environment.DESKBRIDGE_SLACK_API_URL) },
    lark: { apiUrl: withoutSlash(environment.DESKBRIDGE_LARK_API_URL) },
    graph: {
      apiUrl: withoutSlash(environment.DESKBRIDGE_GRAPH_API_URL),
      loginUrl: withoutSlash(environment.DESKBRIDGE_GRAPH_LOGIN_URL),
    },
    deliveryRetentionDays: environment.DESKBRIDGE_DELIVERY_RETENTION_DAYS,
  });
}

function withoutSlash(url: string | undefined): string | null {
  return url?.replace(/\/+$/, '') ?? null;
}

/** Production refuses what is convenient on a laptop. */
function productionFaults(environment: Record<string, string | undefined>): string[] {
  if (environment.NODE_ENV !== 'production') return [];
  const faults = [];
  if (environment.DESKBRIDGE_DEMO === '1' || environment.DESKBRIDGE_DEMO === 'true') {
    faults.push('DESKBRIDGE_DEMO: demo mode is refused when NODE_ENV=production');
  }
  if (environment.DESKBRIDGE_SECRET_KEY === undefined) {
    faults.push('DESKBRIDGE_SECRET_KEY: required when NODE_ENV=production (openssl rand -base64 32)');
  }
  if (environment.DESKBRIDGE_ADMIN_TOKEN === undefined) {
    faults.push('DESKBRIDGE_ADMIN_TOKEN: required when NODE_ENV=production');
  }
  return faults;
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function isAllowedUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackUrl(url));
}
