/** SQL of messages that are to be taken back: withdrawn ones, and surplus copies. */
import { type Sql, statement, type Transaction } from '../infra/database.ts';
import type { ConversationReference } from '../kernel/activity.ts';
import type { DestinationType } from '../kernel/notification.ts';
import type { DeliveryStatus } from './records.ts';

/** `withdraw`: the delivery's own message; `surplus`: copies of it. */
export type WithdrawalKind = 'withdraw' | 'surplus';

export interface DueWithdrawal {
  kind: WithdrawalKind;
  tenantId: string;
  deliveryId: string;
}

export async function findDueWithdrawals(directory: Sql, now: Date, limit: number): Promise<DueWithdrawal[]> {
  return await directory.query<DueWithdrawal>(
    `select kind, tenant_id as "tenantId", item_id as "deliveryId" from due_work
      where kind in ('withdraw', 'surplus') and due_at <= $1 order by due_at limit $2`,
    [now, limit],
  );
}

/** Takes it for a while; false when somebody else was first. */
export async function takeWithdrawal(
  tx: Transaction,
  due: DueWithdrawal,
  now: Date,
  until: Date,
): Promise<boolean> {
  const taken = await tx.execute(
    'update due_work set due_at = $5 where kind = $1 and tenant_id = $2 and item_id = $3 and due_at <= $4',
    [due.kind, tx.tenantId, due.deliveryId, now, until],
  );
  return taken === 1;
}

/** Again at that time; null: it is done. Travels with the next statements. */
export function planWithdrawal(tx: Transaction, due: DueWithdrawal, at: Date | null): void {
  const values = [due.kind, tx.tenantId, due.deliveryId];
  if (at === null)
    tx.enqueue('delete from due_work where kind = $1 and tenant_id = $2 and item_id = $3', values);
  else {
    tx.enqueue('update due_work set due_at = $4 where kind = $1 and tenant_id = $2 and item_id = $3', [
      ...values,
      at,
    ]);
  }
}

/** What turns out to be visible although it was withdrawn is to be taken back after all; travels with the next statements. */
export function planLateWithdrawals(
  tx: Transaction,
  deliveryIds: readonly string[],
  since: Date,
  now: Date,
): void {
  tx.enqueue(
    `insert into due_work (kind, tenant_id, item_id, due_at)
     select 'withdraw', $1, d.delivery_id, $4
       from deliveries d join notifications n on n.tenant_id = $1 and n.notification_id = d.notification_id
      where d.tenant_id = $1 and d.delivery_id = any($2::uuid[]) and d.created_at >= $3
        and d.withdrawn_at is null and n.withdrawn_at is not null
     on conflict (kind, tenant_id, item_id) do nothing`,
    [tx.tenantId, deliveryIds, since, now],
  );
}

export interface SentMessage {
  status: DeliveryStatus;
  withdrawnAt: Date | null;
  registrationId: string | null;
  platform: string | null;
  destinationType: DestinationType | null;
  destinationId: string | null;
  messageId: string | null;
  attempts: number;
  locale: string | null;
  reference: ConversationReference | null;
}

const sentSql = statement(
  'withdrawal_sent',
  `select d.status, d.withdrawn_at as "withdrawnAt", d.registration_id as "registrationId", d.platform,
          d.destination_type as "destinationType", d.destination_id as "destinationId",
          d.provider_message_id as "messageId", d.attempts, u.locale,
          case when c.conversation_id is null then null else jsonb_build_object(
            'platformConversationId', c.platform_conversation_id, 'type', c.type, 'organization', c.organization,
            'platformUserId', c.platform_user_id, 'serviceUrl', c.service_url, 'botId', c.bot_id,
            'channelId', c.channel_id, 'threadId', null, 'locale', c.locale) end as reference
     from deliveries d
     left join users u on u.tenant_id = $1 and u.user_id = d.user_id
     left join lateral (
       select * from conversations o
        where o.tenant_id = $1 and o.registration_id = d.registration_id
          and (o.platform_conversation_id = d.destination_id
               or (o.platform_user_id = d.destination_id and o.type = 'personal'))
        order by o.state = 'active' desc, o.last_activity_at desc limit 1
     ) c on true
    where d.tenant_id = $1 and d.delivery_id = $2 and d.created_at = $3`,
);

/** The delivery as it was sent; null when it is gone. */
export async function readSent(
  tx: Transaction,
  deliveryId: string,
  createdAt: Date,
): Promise<SentMessage | null> {
  const [row] = await tx.query<SentMessage>(sentSql, [tx.tenantId, deliveryId, createdAt]);
  return row ?? null;
}

/** Copies that were found and are not taken back yet. */
export async function readSurplus(tx: Transaction, deliveryId: string): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `select distinct a.provider_message_id as id from delivery_attempts a
      where a.tenant_id = $1 and a.delivery_id = $2 and a.outcome = 'surplus'
        and not exists (select 1 from delivery_attempts w
          where w.tenant_id = $1 and w.delivery_id = $2 and w.outcome in ('withdrawn', 'rejected') and w.started_at is null
            and w.provider_message_id = a.provider_message_id)`,
    [tx.tenantId, deliveryId],
  );
  return rows.map(({ id }) => id);
}

/** The delivery's message is gone or replaced; travels with the next statements. */
export function markMessageWithdrawn(tx: Transaction, deliveryId: string, createdAt: Date, now: Date): void {
  tx.enqueue(
    `update deliveries set withdrawn_at = $4
      where tenant_id = $1 and delivery_id = $2 and created_at = $3 and withdrawn_at is null`,
    [tx.tenantId, deliveryId, createdAt, now],
  );
}
