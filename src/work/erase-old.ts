/** Retention: what nothing can need any more is erased, tenant by tenant. */
import type { Database, Transaction } from '../infra/database.ts';
import type { Clock } from '../kernel/ports.ts';

export interface ErasureDependencies {
  database: Database;
  clock: Clock;
  tenantIds: () => Promise<string[]>;
  /** Each erases one kind of rows of the transaction's tenant whose time was over at `now`. */
  erasers: readonly ((tx: Transaction, now: Date) => Promise<void>)[];
}

/** @throws the first failure, after every tenant was tried */
export async function eraseOld(deps: ErasureDependencies): Promise<void> {
  const failures: unknown[] = [];
  for (const tenantId of await deps.tenantIds()) {
    try {
      await deps.database.inTenant(tenantId, async (tx) => {
        for (const erase of deps.erasers) await erase(tx, deps.clock.now());
      });
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
