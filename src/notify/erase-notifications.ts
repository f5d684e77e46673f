/** Retention of the notifier's rows that are in no partition: erased tenant by tenant, in batches. */
import type { Database } from '../infra/database.ts';
import { eraseKeys, eraseNotifications } from './retention-store.ts';

export interface ErasedRows {
  notifications: number;
  requests: number;
  attemptKeys: number;
}

/** Rows a transaction, so that none holds locks for long or runs into the statement timeout. */
const batch = 2_000;
const firstId = '00000000-0000-0000-0000-000000000000';

/**
 * Erases notifications and keys from before the cut-off that no delivery belongs to any more.
 * @throws the first failure, after every tenant was tried; the signal's reason
 */
export async function eraseNotificationRows(
  deps: { database: Database; tenantIds: () => Promise<string[]> },
  cutoff: Date,
  signal?: AbortSignal,
): Promise<ErasedRows> {
  const total: ErasedRows = { notifications: 0, requests: 0, attemptKeys: 0 };
  const failures: unknown[] = [];
  for (const tenantId of await deps.tenantIds()) {
    signal?.throwIfAborted();
    try {
      await eraseOfTenant(deps.database, tenantId, cutoff, total, signal);
    } catch (error) {
      failures.push(error);
    }
  }
  signal?.throwIfAborted();
  if (failures.length > 0) throw failures[0];
  return total;
}

async function eraseOfTenant(
  database: Database,
  tenantId: string,
  cutoff: Date,
  total: ErasedRows,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let left = true; left && signal?.aborted !== true; ) {
    const keys = await database.inTenant(tenantId, (tx) => eraseKeys(tx, cutoff, batch));
    total.requests += keys.requests;
    total.attemptKeys += keys.attemptKeys;
    left = keys.requests === batch || keys.attemptKeys === batch;
  }
  for (let after: string | null = firstId; after !== null && signal?.aborted !== true; ) {
    const from: string = after;
    const page = await database.inTenant(tenantId, (tx) => eraseNotifications(tx, cutoff, from, batch));
    total.notifications += page.erased;
    after = page.next;
  }
}
