/** What a Teams registration holds: its one secret, and its non-secret options. */
import { z } from 'zod';
import { cloudIds } from './clouds.ts';

/** The secret of the app registration in Entra ID. */
export const credentialsSchema = z.strictObject({ client_secret: z.string().min(1).max(1000) });

/**
 * `app_type` chooses the authority of the bot's own tokens (single tenant: the organization's; multi-tenant:
 * Bot Framework's), `cloud` the issuer, keys, authority and scope.
 */
export const registrationSchema = z.strictObject({
  app_type: z.enum(['single_tenant', 'multi_tenant']).default('single_tenant'),
  cloud: z.enum(cloudIds).default('public'),
});

/**
 * Ids of apps and organizations. Entra writes the same GUID in either case, its events in lower case. Not only GUIDs
 * are taken: emulators have ids of other forms.
 */
export const entraIdSchema = z.string().trim().toLowerCase().min(1).max(200);
