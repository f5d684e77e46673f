/** The sweep that renews tokens before they end, also where nothing is received or sent for a while. */
import type { Database } from '../infra/database.ts';
import type { BotRuntime } from '../kernel/platform.ts';
import type { Clock, Log } from '../kernel/ports.ts';
import type { RegistrationDirectory } from './app-directory.ts';
import { dropRenewal, dueRenewals, planRenewal, takeOverRenewal } from './credentials-store.ts';

export interface RenewalDependencies {
  database: Database;
  registrations: RegistrationDirectory;
  clock: Clock;
  log: Log;
  runtime: (platform: string) => Promise<BotRuntime>;
}

const batchSize = 100;
/** A renewal that failed, or whose process died, is tried again after this long. */
const retryMs = 5 * 60_000;

/** Renews what is due, of every tenant. @returns how many were tried */
export async function renewCredentials(deps: RenewalDependencies): Promise<number> {
  const { database, clock } = deps;
  let tried = 0;
  for (const { tenant_id, item_id } of await dueRenewals(database.directory, clock.now(), batchSize)) {
    const now = clock.now();
    const until = new Date(now.getTime() + retryMs);
    const mine = await database.inTenant(tenant_id, (tx) => takeOverRenewal(tx, item_id, now, until));
    if (!mine) continue;
    tried += 1;
    await renewOne(deps, tenant_id, item_id, until);
  }
  return tried;
}

async function renewOne(
  deps: RenewalDependencies,
  tenantId: string,
  registrationId: string,
  until: Date,
): Promise<void> {
  const registration = await deps.registrations.find(tenantId, registrationId);
  const runtime = registration === null ? null : await deps.runtime(registration.platform);
  if (registration === null || runtime?.renew === undefined) {
    await deps.database.inTenant(tenantId, async (tx) => planRenewal(tx, registrationId, null));
    return;
  }
  try {
    await runtime.renew(registration);
    // Nothing to renew after all: what a renewal planned anew has another time.
    await deps.database.inTenant(tenantId, (tx) => dropRenewal(tx, registrationId, until));
  } catch (error) {
    deps.log.error({ registration_id: registrationId, err: error }, 'credentials were not renewed');
  }
}
