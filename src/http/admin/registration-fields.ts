/** Checks of what a registration is made of: its platform, scope, options and credentials. */
import { z } from 'zod';
import { fieldErrors } from '../../actions/run-action.ts';
import type { JsonObject } from '../../kernel/canonical-json.ts';
import { DeskbridgeError, type FieldError } from '../../kernel/errors.ts';
import type { BotPlatform } from '../../kernel/platform.ts';
import { unknownLimits } from '../../kernel/rate-limit.ts';
import type { TenantRow } from '../../tenants/tenant-store.ts';
import type { ApiServices } from '../route.ts';

/** Rates that take the place of a platform's published ones, by the platform's name of the limit. */
export const limits = z
  .record(z.string().min(1).max(64), z.number().positive().max(1_000_000))
  .refine((rates) => Object.keys(rates).length <= 20, 'at most 20')
  .describe('Overrides published rate limits, by name');

/** @throws DeskbridgeError platform_unsupported */
export function findPlatform(services: ApiServices, platform: string): BotPlatform {
  const definition = services.platforms.get(platform);
  if (definition === undefined) throw new DeskbridgeError('platform_unsupported');
  return definition;
}

/**
 * A scope that is sent must be the tenant of the path; white space counts as none.
 * @throws DeskbridgeError validation_error
 */
export function checkScope(tenant: TenantRow, scope: string | undefined): void {
  const named = scope?.trim() ?? '';
  if (named === '' || named.toLowerCase() === tenant.tenant_id || named === tenant.slug) return;
  throw invalid([{ path: 'scope', message: 'is not the tenant of the path' }]);
}

/**
 * The app's and the organization's id in the form that the platform's events carry.
 * @throws DeskbridgeError validation_error
 */
export function checkIds(
  platform: BotPlatform,
  ids: { app_id: string; organization: string },
): { appId: string; organization: string } {
  const appId = platform.appId.safeParse(ids.app_id);
  const organization = platform.organization.safeParse(ids.organization);
  if (appId.success && organization.success) return { appId: appId.data, organization: organization.data };
  const faults = (path: string, error: z.ZodError | undefined) =>
    error === undefined ? [] : fieldErrors(error).map(({ message }) => ({ path, message }));
  throw invalid([...faults('app_id', appId.error), ...faults('organization', organization.error)]);
}

/** @throws DeskbridgeError validation_error */
export function checkOptions(platform: BotPlatform, options: Record<string, unknown>): JsonObject {
  const parsed = platform.registration.safeParse(options);
  if (parsed.success) return parsed.data;
  throw invalid(fieldErrors(parsed.error));
}

/** A mistyped name would change nothing, and nobody would see it. @throws DeskbridgeError validation_error */
export function checkLimits(platform: BotPlatform, overrides: Record<string, number>): void {
  const unknown = unknownLimits(platform.limits, Object.keys(overrides));
  if (unknown.length === 0) return;
  const known = platform.limits.map(({ name }) => name).join(', ');
  throw invalid(
    unknown.map((name) => ({ path: `limits.${name}`, message: `is no limit of ${platform.id}: ${known}` })),
  );
}

/** @throws DeskbridgeError validation_error; its fields name secrets and never quote one */
export function checkCredentials(platform: BotPlatform, credentials: Record<string, unknown>): JsonObject {
  const parsed = platform.credentials.safeParse(credentials);
  if (parsed.success) return parsed.data;
  throw invalid(
    fieldErrors(parsed.error).map(({ path, message }) => ({
      path: path === '' ? 'credentials' : `credentials.${path}`,
      message,
    })),
  );
}

/** Counts a refused registration. A platform that nobody knows must not become a label. */
export function countRejection(services: ApiServices, error: DeskbridgeError, body: unknown): void {
  const named = (body as { platform?: unknown } | undefined)?.platform;
  const platform = typeof named === 'string' && services.platforms.has(named) ? named : 'unknown';
  services.metrics.registrationRejected.inc({ platform, reason: error.code });
}

function invalid(fields: FieldError[]): DeskbridgeError {
  return new DeskbridgeError('validation_error', { detail: 'The registration is not valid.', fields });
}
