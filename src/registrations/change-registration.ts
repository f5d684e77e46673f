/** Every change of a registration: one event, the read model and the directory in the same transaction. */
import type { Transaction } from '../infra/database.ts';
import type { SecretBox } from '../infra/secret-box.ts';
import { canonicalJson, type JsonObject } from '../kernel/canonical-json.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import type { CredentialsUpdate } from '../kernel/platform.ts';
import {
  credentialsActorKind,
  lockCredentials,
  planRenewal,
  writeCredentials,
  writeFetchedManifest,
} from './credentials-store.ts';
import {
  enterDirectory,
  findDirectory,
  leaveDirectory,
  updateDirectory,
  writeVouched,
} from './directory-store.ts';
import { applyEvent, foldRegistration, type Registration, type RegistrationEvent } from './registration.ts';
import { appendEvent, lockStream, writeReadModel } from './registration-store.ts';

export interface NewRegistration {
  /** Made by the caller where it must be known beforehand; else new. */
  registrationId?: string;
  platform: string;
  name: string;
  appId: string;
  organization: string;
  options: JsonObject;
  credentials: JsonObject;
  status: 'pending' | 'active';
}

/** Who changes it. What an operator or the system enters is vouched for; a tenant's own administrator vouches for nobody else. */
export interface RegistrationActor {
  kind: 'user' | 'key' | 'operator' | 'system';
  id: string | null;
}

/** The associated data under which a registration's credentials are sealed. */
export function credentialsPurpose(tenantId: string, registrationId: string): string {
  return `registration:${tenantId}:${registrationId}`;
}

/**
 * Adds a registration. A pending one takes no organization: it could claim another customer's under a shared app.
 * @throws DeskbridgeError registration_taken
 */
export async function addRegistration(
  tx: Transaction,
  secrets: SecretBox,
  input: NewRegistration,
  actor: RegistrationActor,
  now: Date,
): Promise<{ registrationId: string; registration: Registration }> {
  const registrationId = input.registrationId ?? newId();
  const { platform, name, options, status } = input;
  const event: RegistrationEvent = {
    type: 'registered',
    data: { platform, name, app_id: input.appId, organization: input.organization, options, status },
  };
  const registration = record(tx, registrationId, null, event, actor, now);
  if (status === 'active') await claimOrganization(tx, registrationId, registration, isVouched(actor.kind));
  else await refuseTaken(tx, input);
  writeCredentials(tx, registrationId, sealCredentials(tx, secrets, registrationId, input.credentials), now);
  return { registrationId, registration };
}

/** An operator says that it is the tenant's. @throws DeskbridgeError not_found, conflict (not pending), registration_taken */
export async function approveRegistration(
  tx: Transaction,
  registrationId: string,
  actor: RegistrationActor,
  now: Date,
): Promise<Registration> {
  return await activate(tx, registrationId, 'approved', actor, now);
}

/**
 * The organization consented on the platform's page: a pending registration becomes active, a live one gets its new token.
 * @param given.before the credentials that the platform was asked with
 * @throws DeskbridgeError not_found, conflict (retired, or the credentials were changed meanwhile), registration_taken
 */
export async function completeInstallation(
  tx: Transaction,
  secrets: SecretBox,
  registrationId: string,
  given: { before: JsonObject; update: CredentialsUpdate },
  now: Date,
): Promise<Registration> {
  const { before, update } = given;
  // The stream first, as every other change locks it.
  const state = await currentState(tx, registrationId);
  // Somebody else's new secrets must neither be undone nor be vouched for by this.
  const current = await lockedCredentials(tx, secrets, registrationId);
  if (canonicalJson(current) !== canonicalJson(before)) {
    throw new DeskbridgeError('conflict', { detail: 'credentials_changed' });
  }
  const system = { kind: 'system' as const, id: null };
  const installed =
    state.status === 'active'
      ? record(tx, registrationId, state, { type: 'installed', data: {} }, system, now)
      : await activate(tx, registrationId, 'installed', system, now);
  const sealed = sealCredentials(tx, secrets, registrationId, update.credentials);
  writeCredentials(tx, registrationId, sealed, now);
  planRenewal(tx, registrationId, update.renewAt);
  return installed;
}

async function activate(
  tx: Transaction,
  registrationId: string,
  type: 'approved' | 'installed',
  actor: RegistrationActor,
  now: Date,
): Promise<Registration> {
  const state = await currentState(tx, registrationId);
  if (state.status !== 'pending')
    throw new DeskbridgeError('conflict', { detail: 'The registration is not pending.' });
  const vouched = isVouched(await credentialsActorKind(tx, registrationId));
  const active = record(tx, registrationId, state, { type, data: {} }, actor, now);
  await claimOrganization(tx, registrationId, active, vouched);
  return active;
}

/** Changes name, options or credentials. @throws DeskbridgeError not_found, conflict (retired) */
export async function changeRegistration(
  tx: Transaction,
  secrets: SecretBox,
  registrationId: string,
  change: {
    name?: string | undefined;
    /** Makes the new options of the present ones, which nobody else changes meanwhile. */
    options?: ((before: JsonObject) => JsonObject) | undefined;
    /** Makes the new credentials of the present ones. */
    credentials?: ((before: JsonObject) => JsonObject) | undefined;
  },
  actor: RegistrationActor,
  now: Date,
): Promise<Registration> {
  let state = await currentState(tx, registrationId);
  if (state.status === 'retired')
    throw new DeskbridgeError('conflict', { detail: 'The registration is retired.' });
  const { name } = change;
  const options = change.options?.(state.options);
  if (name !== undefined || options !== undefined) {
    const data = { ...(name === undefined ? {} : { name }), ...(options === undefined ? {} : { options }) };
    state = record(tx, registrationId, state, { type: 'changed', data }, actor, now);
    if (options !== undefined) await updateDirectory(tx, registrationId, state.options);
  }
  if (change.credentials !== undefined) {
    const credentials = change.credentials(await lockedCredentials(tx, secrets, registrationId));
    const data = { fields: Object.keys(credentials).sort() };
    state = record(tx, registrationId, state, { type: 'credentials_replaced', data }, actor, now);
    writeCredentials(tx, registrationId, sealCredentials(tx, secrets, registrationId, credentials), now);
    writeVouched(tx, registrationId, isVouched(actor.kind));
  }
  return state;
}

/** Ends a registration for good and frees its organization. @throws DeskbridgeError not_found */
export async function retireRegistration(
  tx: Transaction,
  registrationId: string,
  reason: string,
  actor: RegistrationActor,
  now: Date,
): Promise<Registration> {
  const state = await currentState(tx, registrationId);
  if (state.status === 'retired') return state;
  const retired = record(tx, registrationId, state, { type: 'retired', data: { reason } }, actor, now);
  planRenewal(tx, registrationId, null);
  await leaveDirectory(tx, registrationId);
  return retired;
}

/** Remembers which manifest the operator took to the platform's console. @param sha256 hex digest of its files */
export function noteFetchedManifest(
  tx: Transaction,
  registrationId: string,
  sha256: string,
  now: Date,
): void {
  writeFetchedManifest(tx, registrationId, sha256, now);
}

async function currentState(tx: Transaction, registrationId: string): Promise<Registration> {
  const state = foldRegistration(await lockStream(tx, registrationId));
  if (state === null) throw new DeskbridgeError('not_found');
  return state;
}

function record(
  tx: Transaction,
  registrationId: string,
  state: Registration | null,
  event: RegistrationEvent,
  actor: RegistrationActor,
  now: Date,
): Registration {
  const stored = { version: (state?.version ?? 0) + 1, occurredAt: now, event };
  const next = applyEvent(state, stored);
  if (next === null) throw new Error('the first event of a registration must be registered');
  appendEvent(tx, registrationId, stored, actor);
  writeReadModel(tx, registrationId, next);
  return next;
}

async function claimOrganization(
  tx: Transaction,
  registrationId: string,
  state: Registration,
  vouched: boolean,
): Promise<void> {
  if (!(await enterDirectory(tx, registrationId, state, vouched)))
    throw new DeskbridgeError('registration_taken');
}

function isVouched(actorKind: string | null): boolean {
  return actorKind === 'operator' || actorKind === 'system';
}

/** What is live cannot even be asked for: the approval could not succeed. */
async function refuseTaken(tx: Transaction, input: NewRegistration): Promise<void> {
  if ((await findDirectory(tx, input)) !== null) throw new DeskbridgeError('registration_taken');
}

async function lockedCredentials(
  tx: Transaction,
  secrets: SecretBox,
  registrationId: string,
): Promise<JsonObject> {
  const sealed = await lockCredentials(tx, registrationId);
  if (sealed === null) return {};
  return JSON.parse(secrets.open(sealed, credentialsPurpose(tx.tenantId, registrationId))) as JsonObject;
}

function sealCredentials(
  tx: Transaction,
  secrets: SecretBox,
  registrationId: string,
  credentials: JsonObject,
): string {
  return secrets.seal(JSON.stringify(credentials), credentialsPurpose(tx.tenantId, registrationId));
}
