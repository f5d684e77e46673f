/** The manifest of a registration's app, with its own ids and addresses, for the platform's console. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { appSpec } from '../../../manifests/app-spec.ts';
import type { ManifestFile, ManifestRequest } from '../../kernel/app-spec.ts';
import { DeskbridgeError } from '../../kernel/errors.ts';
import { noteFetchedManifest } from '../../registrations/change-registration.ts';
import { readRegistration } from '../../registrations/registration-store.ts';
import { type ApiServices, FileAnswer, found, idIn, type Route, readRoute } from '../route.ts';
import { findPlatform } from './registration-fields.ts';

const formats = ['zip', 'json', 'yaml'] as const;

export const registrationManifestRoutes: Route[] = [
  readRoute({
    method: 'get',
    path: '/v1/tenants/{tenant}/registrations/{registration_id}/manifest',
    tag: 'Registrations',
    summary:
      "The manifest of the registration's app: a zip file for teams, JSON or YAML for slack, JSON for lark",
    capability: 'registration:read',
    query: z.object({
      format: z
        .enum(formats)
        .optional()
        .describe('Instead of Accept; the usual one of the platform by default'),
    }),
    response: z.unknown(),
    produces: ['application/zip', 'application/json', 'application/yaml'],
    handle: async (tx, { params, query, services, accepts, now }) => {
      const row = found(await readRegistration(tx, idIn(params, 'registration_id')));
      const registrationId = row.registration_id;
      const { platform, app_id: appId, organization, options } = row;
      const files = manifestFiles(services, { registrationId, platform, appId, organization, options });
      const { contentType, filename, body } = choose(files, query.format, accepts);
      noteFetchedManifest(tx, registrationId, digestOf(files), now);
      const content = typeof body === 'string' ? new TextEncoder().encode(body) : body;
      return new FileAnswer({ contentType, filename, content });
    },
  }),
];

/** The manifest in every form that the platform has. */
function manifestFiles(
  services: ApiServices,
  registration: ManifestRequest['registration'] & { platform: string },
): readonly ManifestFile[] {
  const { publicUrl } = services;
  return (
    findPlatform(services, registration.platform).manifest?.({ spec: appSpec(), registration, publicUrl }) ??
    []
  );
}

/** SHA-256 of the manifest as it would be fetched now; null where the platform has none. */
export function manifestDigest(
  services: ApiServices,
  registration: ManifestRequest['registration'] & { platform: string },
): string | null {
  const files = manifestFiles(services, registration);
  return files.length === 0 ? null : digestOf(files);
}

function digestOf(files: readonly ManifestFile[]): string {
  const hash = createHash('sha256');
  for (const { format, body } of files) hash.update(`${format}\n`).update(body);
  return hash.digest('hex');
}

/** @throws DeskbridgeError validation_error for a form that the platform does not have */
function choose(
  files: readonly ManifestFile[],
  format: (typeof formats)[number] | undefined,
  accepts: (types: readonly string[]) => string | null,
): ManifestFile {
  const accepted = accepts(files.map(({ contentType }) => contentType));
  const chosen =
    format === undefined
      ? (files.find(({ contentType }) => contentType === accepted) ?? files[0])
      : files.find((file) => file.format === format);
  if (chosen !== undefined) return chosen;
  const offered = files.map((file) => file.format).join(', ');
  throw new DeskbridgeError('validation_error', {
    detail: 'The platform has no manifest of that form.',
    fields: [{ path: 'format', message: offered === '' ? 'there is none' : `one of: ${offered}` }],
  });
}
