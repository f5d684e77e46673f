/** What a Slack registration holds: its secrets, as people send them and as they are kept. */
import { z } from 'zod';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';

const maxSecretLength = 1000;

/** Trimmed, since secrets are pasted; an empty one proves nothing and is refused. */
const secret = z.string().trim().min(1).max(maxSecretLength);

/** A bot's token; a rotated one begins with `xoxe.`. Tokens of people (`xoxp-`) and of apps (`xapp-`) are refused. */
const botToken = secret.regex(/^(?:xoxe\.)?xoxb-/, { error: 'must be a bot token (xoxb-…)' });

/** What people send. Without `bot_token` the registration waits for its installation by OAuth. */
export const credentialsSchema = z.strictObject({
  signing_secret: secret,
  bot_token: botToken.optional(),
  client_id: secret.optional(),
  client_secret: secret.optional(),
  /** With token rotation: renews the bot token, together with `client_id` and `client_secret`. */
  refresh_token: secret.optional(),
});

const stored = z.string().min(1).optional().catch(undefined);

const storedSchema = z.object({
  signing_secret: stored,
  bot_token: stored,
  client_id: stored,
  client_secret: stored,
  refresh_token: stored,
  bot_token_expires_at: z.iso.datetime().optional().catch(undefined),
  bot_user_id: stored,
});

/** What is kept: besides what people send, what the installation and the renewal of the token brought. */
export interface StoredCredentials {
  signing_secret?: string;
  bot_token?: string;
  client_id?: string;
  client_secret?: string;
  refresh_token?: string;
  /** ISO time at which `bot_token` ends; absent for one that does not end. */
  bot_token_expires_at?: string;
  /** The bot's own user id (`U…`). */
  bot_user_id?: string;
}

/** Opened credentials by name; whatever is empty or of another type is left out. Never throws. */
export function readCredentials(credentials: JsonObject): StoredCredentials {
  const known = Object.entries(storedSchema.parse(credentials)).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known);
}

/**
 * Sent credentials over the current ones. The tokens of an installation never come back to the people who send
 * credentials, so that they stay, as long as the client that they were given to is the same and no other token is sent.
 */
export function mergeCredentials(current: JsonObject, sent: JsonObject): JsonObject {
  const isSameClient = sent.client_id === undefined || sent.client_id === current.client_id;
  if (!isSameClient) return sent;
  if (sent.bot_token === undefined || sent.bot_token === current.bot_token) return { ...current, ...sent };
  const { refresh_token: _, bot_token_expires_at: __, bot_user_id: ___, ...kept } = current;
  return { ...kept, ...sent };
}

/** A Slack registration has no options besides its app and its organization. */
export const registrationSchema = z.strictObject({});

/** The app's id as events carry it (`A…`), not the client id, which begins with a digit. */
export const appIdSchema = z
  .string()
  .trim()
  .regex(/^A[A-Za-z0-9_-]{1,60}$/, { error: 'must be a Slack app id (A…)' });

/** The workspace (`T…`), or the enterprise (`E…`) where the app is installed for the whole organization. */
export const organizationSchema = z
  .string()
  .trim()
  .regex(/^[TE][A-Za-z0-9_-]{1,60}$/, { error: 'must be a Slack workspace (T…) or enterprise (E…) id' });
