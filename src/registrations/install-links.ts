/**
 * Installation by the platform's consent page: links with a signed state that is bound to one registration and used up
 * once, and the completion that takes only what the platform itself names.
 */
import type { AuditKeys } from '../audit/audit-keys.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { Nonces } from '../inbound/nonces.ts';
import { useNonceOnce } from '../inbound/use-nonce.ts';
import type { Database, Transaction } from '../infra/database.ts';
import type { SecretBox } from '../infra/secret-box.ts';
import type { JsonObject } from '../kernel/canonical-json.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import { isUuid } from '../kernel/ids.ts';
import type {
  BotPlatform,
  InstallFlow,
  PlatformEnvironment,
  PlatformRegistration,
} from '../kernel/platform.ts';
import type { Clock } from '../kernel/ports.ts';
import type { RegistrationDirectory } from './app-directory.ts';
import { completeInstallation } from './change-registration.ts';

export interface InstallDependencies {
  database: Database;
  auditKeys: AuditKeys;
  secrets: SecretBox;
  nonces: Nonces;
  registrations: RegistrationDirectory;
  platforms: ReadonlyMap<string, BotPlatform>;
  environment: (platform: string) => PlatformEnvironment;
  clock: Clock;
  publicUrl: string;
}

/** A registration whose link was opened. */
export interface OpenInstallation {
  tenantId: string;
  nonce: string;
  platform: string;
  registration: PlatformRegistration;
  flow: InstallFlow;
}

/** Where an administrator of the organization installs the app; good for 30 days and one attempt. */
export function installUrl(
  deps: { nonces: Nonces; publicUrl: string },
  tenantId: string,
  registrationId: string,
  platform: string,
  now: Date,
): string {
  const nonce = deps.nonces.issue(scopeOf(tenantId, registrationId), now);
  const state = `${tenantId}.${registrationId}.${nonce}`;
  return `${deps.publicUrl}/oauth/${platform}/install?state=${encodeURIComponent(state)}`;
}

/** The registration that a state was made for; null when the state is forged or too old, or the registration is retired. */
export async function openInstallation(
  deps: InstallDependencies,
  platform: string,
  state: string,
): Promise<OpenInstallation | null> {
  const [tenantId = '', registrationId = '', ...rest] = state.split('.');
  const nonce = rest.join('.');
  const flow = deps.platforms.get(platform)?.install;
  if (flow === undefined || !isUuid(tenantId) || !isUuid(registrationId)) return null;
  if (!deps.nonces.isValid(scopeOf(tenantId, registrationId), nonce, deps.clock.now())) return null;
  const registration = await deps.database.inTenant(tenantId, (tx) =>
    deps.registrations.read(tx, registrationId),
  );
  if (registration?.platform !== platform) return null;
  return { tenantId, nonce, platform, registration, flow };
}

/** Where the platform sends the browser back to. */
export function redirectUri(publicUrl: string, platform: string): string {
  return `${publicUrl}/oauth/${platform}/callback`;
}

/** The platform's consent page for an open installation; null when the credentials do not suffice for it. */
export async function consentUrl(
  deps: InstallDependencies,
  open: OpenInstallation,
  state: string,
): Promise<string | null> {
  return open.flow.authorizeUrl({ ...(await requestOf(deps, open)), state });
}

/**
 * Redeems the code and makes the registration active. The state is used up first, whatever comes of it.
 * @throws DeskbridgeError stale_card (the link was used), conflict (another app or organization consented, or the
 * platform refused; `detail` says which), registration_taken
 */
export async function finishInstallation(
  deps: InstallDependencies,
  open: OpenInstallation,
  code: string,
): Promise<void> {
  const { registration, tenantId, nonce } = open;
  const { registrationId } = registration;
  const purpose = `install:${registrationId}`;
  const fresh = await deps.database.inTenant(tenantId, (tx) =>
    useNonceOnce(tx, nonce, purpose, deps.clock.now()),
  );
  if (!fresh) throw new DeskbridgeError('stale_card');
  const request = await requestOf(deps, open);
  const redeemed = await open.flow.redeem({ ...request, code });
  if (!redeemed.ok) throw new DeskbridgeError('conflict', { detail: redeemed.reason });
  if (redeemed.appId !== registration.appId) throw new DeskbridgeError('conflict', { detail: 'another_app' });
  if (redeemed.organization !== registration.organization) {
    throw new DeskbridgeError('conflict', { detail: 'another_organization' });
  }
  await deps.database.inTenant(tenantId, async (tx) => {
    const now = deps.clock.now();
    const given = { before: request.credentials, update: redeemed.update };
    await completeInstallation(tx, deps.secrets, registrationId, given, now);
    await audit(tx, deps.auditKeys, registration, now);
  });
  deps.registrations.clear();
}

async function requestOf(deps: InstallDependencies, open: OpenInstallation) {
  const { tenantId } = open;
  const credentials: JsonObject = await deps.database.inTenant(tenantId, (tx) =>
    deps.registrations.credentialsOf(tx, open.registration.registrationId),
  );
  const { settings } = deps.environment(open.platform);
  const { registration, platform } = open;
  return { registration, credentials, settings, redirectUri: redirectUri(deps.publicUrl, platform) };
}

async function audit(
  tx: Transaction,
  auditKeys: AuditKeys,
  registration: PlatformRegistration,
  now: Date,
): Promise<void> {
  const { registrationId, platform, organization } = registration;
  const target = { kind: 'registration', id: registrationId };
  await recordAudit(
    tx,
    auditKeys,
    {
      payload: {
        action: 'registration.install',
        input: { registration_id: registrationId, organization },
        target,
      },
      result: 'success',
      errorCode: null,
      actorKind: 'system',
      actorId: null,
      actorUserId: null,
      platformUserId: null,
      platform,
      surface: 'admin',
      sourceId: null,
    },
    now,
  );
}

function scopeOf(tenantId: string, registrationId: string): string {
  return `install:${tenantId}:${registrationId}`;
}
