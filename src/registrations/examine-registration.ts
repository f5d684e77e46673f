/** The doctor: examines a registration step by step, from its secrets to a recent reply; no step stops the next. */
import { referenceFacts } from '../conversations/reference-queries.ts';
import { lastReply } from '../inbound/inbound-queries.ts';
import type { Database, Transaction } from '../infra/database.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import type { BotPlatform, BotRuntime, Check, PlatformRegistration } from '../kernel/platform.ts';
import type { Clock, Log } from '../kernel/ports.ts';
import type { RegistrationDirectory } from './app-directory.ts';
import { checkEndpoint } from './check-endpoint.ts';
import { readFetchedManifest } from './credentials-store.ts';

export interface DoctorDependencies {
  database: Database;
  registrations: RegistrationDirectory;
  platforms: ReadonlyMap<string, BotPlatform>;
  runtime: (platform: string) => Promise<BotRuntime>;
  publicUrl: string;
  /** SHA-256 of the manifest as it would be fetched now; null where the platform has none. */
  manifestDigest: (registration: PlatformRegistration) => string | null;
  clock: Clock;
  log: Log;
}

/** A reply that was not accepted lately says more than one of last month. */
const recentMs = 7 * 86_400_000;

/**
 * The checks in their order. Calls out to the platform, hence outside any transaction.
 * @throws DeskbridgeError not_found for an unknown or retired registration
 */
export async function examineRegistration(
  deps: DoctorDependencies,
  tenantId: string,
  registrationId: string,
): Promise<Check[]> {
  const registration = await deps.database.inTenant(tenantId, (tx) =>
    deps.registrations.read(tx, registrationId),
  );
  if (registration === null) throw new DeskbridgeError('not_found');
  const [outside, endpoint, inside] = await Promise.all([
    examineOutside(deps, registration),
    checkEndpoint(deps.publicUrl, registration.demo),
    deps.database.inTenant(tenantId, async (tx) => [
      await checkManifest(tx, registration, deps.manifestDigest(registration)),
      await checkReference(tx, registrationId),
      await checkReply(tx, registrationId, deps.clock.now()),
    ]),
  ]);
  return [checkStatus(registration), ...outside, endpoint, ...inside];
}

function checkStatus({ status }: PlatformRegistration): Check {
  if (status === 'active') return { step: 'status', status: 'pass', detail: 'The registration is active.' };
  return {
    step: 'status',
    status: 'fail',
    detail: 'The registration is pending: nothing is taken from the platform yet.',
    remedy: 'An operator approves it, or its install_url is opened by an administrator of the organization.',
  };
}

async function examineOutside(
  deps: DoctorDependencies,
  registration: PlatformRegistration,
): Promise<Check[]> {
  try {
    const runtime = await deps.runtime(registration.platform);
    return await runtime.examine(registration);
  } catch (error) {
    const { registrationId } = registration;
    deps.log.warn({ registration_id: registrationId, err: error }, 'a registration was not examined');
    return [
      {
        step: 'credentials',
        status: 'fail',
        detail: 'The credentials could not be used.',
        remedy: 'Enter them again with PATCH /v1/tenants/{tenant}/registrations/{id}.',
      },
    ];
  }
}

/** The platform does not tell which manifest it holds: what was fetched here last is the next best knowledge. */
async function checkManifest(
  tx: Transaction,
  { registrationId, demo }: PlatformRegistration,
  current: string | null,
): Promise<Check> {
  const step = 'manifest';
  if (demo) return { step, status: 'skipped', detail: 'The demo is in no console.' };
  const fetched = await readFetchedManifest(tx, registrationId);
  if (current === null) return { step, status: 'skipped', detail: 'The platform has no manifest.' };
  const remedy =
    'Fetch it with registration manifest and bring the app up to date in the console of the platform.';
  if (fetched === null) {
    return { step, status: 'warn', detail: 'Its manifest was never fetched from here.', remedy };
  }
  const at = fetched.fetched_at.toISOString();
  if (fetched.sha256 === current) {
    return { step, status: 'pass', detail: `The manifest is still as it was fetched at ${at}.` };
  }
  return { step, status: 'warn', detail: `The manifest has changed since it was fetched at ${at}.`, remedy };
}

async function checkReference(tx: Transaction, registrationId: string): Promise<Check> {
  const step = 'reference';
  const { active, lastActivityAt } = await referenceFacts(tx, registrationId);
  if (lastActivityAt !== null) {
    const since = lastActivityAt.toISOString();
    return {
      step,
      status: 'pass',
      detail: `${active} live conversations; the last activity was at ${since}.`,
    };
  }
  return {
    step,
    status: 'warn',
    detail: 'No conversation is known yet, so that nobody can be told anything.',
    remedy:
      'Write "help" to the bot. If nothing comes back, compare the messaging endpoint with the manifest.',
  };
}

async function checkReply(tx: Transaction, registrationId: string, now: Date): Promise<Check> {
  const step = 'reply';
  const reply = await lastReply(tx, registrationId);
  if (reply === null) {
    return { step, status: 'skipped', detail: 'Nothing was answered with a message yet.' };
  }
  const at = reply.claimedAt.toISOString();
  if (reply.status === 'replied') {
    return { step, status: 'pass', detail: `The last reply, to an event of ${at}, was accepted.` };
  }
  const code = reply.errorCode ?? 'not sent yet';
  return {
    step,
    status:
      reply.status === 'reply_failed' && now.getTime() - reply.claimedAt.getTime() < recentMs
        ? 'fail'
        : 'warn',
    detail: `The last reply, to an event of ${at}, was not accepted (${code}).`,
    remedy: 'See the steps above for the cause; a reply that is due is tried again by itself for 24 hours.',
  };
}
