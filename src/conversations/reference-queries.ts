/** Questions about captured references that other parts ask. */
import type { Transaction } from '../infra/database.ts';

/** How many references of a registration are live, and when somebody last spoke in one. */
export async function referenceFacts(
  tx: Transaction,
  registrationId: string,
): Promise<{ active: number; lastActivityAt: Date | null }> {
  const [row] = await tx.query<{ active: number; last: Date | null }>(
    `select count(*) as active, max(last_activity_at) as last from conversations
      where tenant_id = $1 and registration_id = $2 and state = 'active'`,
    [tx.tenantId, registrationId],
  );
  return { active: row?.active ?? 0, lastActivityAt: row?.last ?? null };
}
