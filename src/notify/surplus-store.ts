/** SQL of surplus copies: a message that was posted although its delivery had been settled by another one. */
import { statement, type Transaction } from '../infra/database.ts';
import { newId } from '../kernel/ids.ts';
import { insertAttempts } from './outcome-store.ts';

const sentAsSql = statement(
  'deliveries_sent_as',
  `select provider_message_id from deliveries
    where tenant_id = $1 and delivery_id = $2 and created_at = $3 and status in ('sent', 'delivered')`,
);

const planSql = statement(
  'surplus_plan',
  `insert into due_work (kind, tenant_id, item_id, due_at) values ('surplus', $1, $2, $3)
   on conflict (kind, tenant_id, item_id) do nothing`,
);

/** Puts a message down to be deleted, if it is another than the one that the delivery was sent as. */
export async function noteSurplus(
  tx: Transaction,
  copy: { id: string; createdAt: Date; attemptNo: number; tryNo: number; laneId: string; messageId: string },
  now: Date,
): Promise<void> {
  const [sent] = await tx.query<{ provider_message_id: string | null }>(sentAsSql, [
    tx.tenantId,
    copy.id,
    copy.createdAt,
  ]);
  if (sent === undefined || sent.provider_message_id === null || sent.provider_message_id === copy.messageId)
    return;
  insertAttempts(tx, [
    {
      attemptId: newId(),
      deliveryId: copy.id,
      at: now,
      attemptNo: copy.attemptNo,
      tryNo: copy.tryNo,
      laneId: copy.laneId,
      conversationKey: null,
      operation: null,
      startedAt: null,
      outcome: 'surplus',
      errorCode: null,
      detail: null,
      messageId: copy.messageId,
      requestId: null,
    },
  ]);
  tx.enqueue(planSql, [tx.tenantId, copy.id, now]);
}
