/** Questions about registrations that other parts ask. */
import type { Transaction } from '../infra/database.ts';

/** When the registration was last made, approved, installed or given secrets; a change of its name says nothing. */
export async function lastEnrolledAt(tx: Transaction, registrationId: string): Promise<Date> {
  const [row] = await tx.query<{ at: Date }>(
    `select max(occurred_at) as at from registration_events
      where tenant_id = $1 and registration_id = $2
        and type in ('registered', 'approved', 'installed', 'credentials_replaced')`,
    [tx.tenantId, registrationId],
  );
  return row?.at ?? new Date(0);
}
