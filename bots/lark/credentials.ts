/** What a Lark or Feishu registration holds: the secrets that people enter, what we keep beside them, its options and ids. */
import { z } from 'zod';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';

/** Secrets are copied from a web page; white space around them is never theirs. */
const secret = z.string().trim().min(1).max(500);
const kept = z.string().min(1).max(2000).optional().catch(undefined);
const keptTime = z.iso.datetime().optional().catch(undefined);

/**
 * The secrets that people send, all of them required: without an encrypt key Lark signs nothing. They stand on the pages
 * "Credentials & Basic Info" and "Events & Callbacks > Encryption strategy" of the developer console.
 */
export const credentialsSchema = z.strictObject({
  app_secret: secret,
  encrypt_key: secret,
  verification_token: secret,
});

const storedSchema = z.object({
  app_secret: kept,
  encrypt_key: kept,
  verification_token: kept,
  app_ticket: kept,
  app_ticket_at: keptTime,
  app_access_token: kept,
  app_access_token_expires_at: keptTime,
  tenant_access_token: kept,
  tenant_access_token_expires_at: keptTime,
});

/** What is kept: besides what people send, the platform's ticket and its tokens. Times are RFC 3339 in UTC. */
export interface StoredCredentials {
  app_secret?: string;
  encrypt_key?: string;
  verification_token?: string;
  /** Pushed by the platform every hour, to apps of its store alone. */
  app_ticket?: string;
  /** When the platform sent that ticket. */
  app_ticket_at?: string;
  app_access_token?: string;
  app_access_token_expires_at?: string;
  tenant_access_token?: string;
  tenant_access_token_expires_at?: string;
}

/** Opened credentials by name; whatever is empty or of another type is left out. Never throws. */
export function readCredentials(credentials: JsonObject): StoredCredentials {
  const known = Object.entries(storedSchema.parse(credentials)).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known);
}

/**
 * Sent credentials over the current ones: the platform's ticket is the app's whatever its keys are; tokens were got with
 * the secret, and are asked for anew with another one.
 */
export function mergeCredentials(current: JsonObject, sent: JsonObject): JsonObject {
  if (sent.app_secret === current.app_secret) return { ...current, ...sent };
  const { app_ticket, app_ticket_at } = current;
  return { ...sent, app_ticket, app_ticket_at };
}

/**
 * `app_type`: `custom` apps belong to one organization, `isv` ones come from the app store and get their tokens by an
 * app_ticket. `domain` chooses the platform: Feishu and Lark are two, with nothing in common but the protocol.
 */
export const registrationSchema = z.strictObject({
  app_type: z.enum(['custom', 'isv']).default('custom'),
  domain: z.enum(['feishu', 'lark']).default('feishu'),
});

/** The App ID of the developer console. */
export const appIdSchema = z
  .string()
  .trim()
  .regex(/^cli_[\w-]{1,96}$/, 'must be an App ID, which begins with cli_');

/** The tenant_key of the organization, as every event carries it. */
export const organizationSchema = z
  .string()
  .trim()
  .regex(/^[\w-]{1,100}$/, 'must be a tenant_key: letters, digits, - and _');
