/** SQL of proofs: a delivery that its reader answered or saw, or that the platform shows, did arrive. */
import { statement, type Transaction } from '../infra/database.ts';
import { createdAtOf } from './delivery-id.ts';

/** A delivery that certainly arrived. */
export interface ProvenDelivery {
  deliveryId: string;
  /** The platform's id of the message, where the proof names it. */
  messageId: string | null;
}

/** The try that a proof put an end to. */
export interface SettledTry {
  attemptNo: number;
  tryNo: number;
}

// Only what is on the wire, or was: the proof says nothing of what nobody tried to send yet.
const settleSql = statement(
  'confirm_settle',
  `delete from delivery_ready
    where tenant_id = $1 and delivery_id = any($2::uuid[]) and (phase <> 'ready' or try_no > 0)
   returning delivery_id as "deliveryId", attempt_no as "attemptNo", try_no as "tryNo"`,
);

/** Takes off what of these deliveries is still to be sent; comes before every write to `deliveries`, as elsewhere. */
export async function settleTries(
  tx: Transaction,
  deliveryIds: readonly string[],
): Promise<Map<string, SettledTry>> {
  const rows = await tx.query<SettledTry & { deliveryId: string }>(settleSql, [
    tx.tenantId,
    [...deliveryIds],
  ]);
  return new Map(rows.map(({ deliveryId, ...settled }) => [deliveryId, settled]));
}

const raiseSql = statement(
  'confirm_raise',
  `update deliveries d
      set status = 'delivered', error_code = null, error_message = null, delivered_at = $8,
          sent_at = coalesce(d.sent_at, $8), attempts = greatest(d.attempts, p.attempts),
          provider_message_id = coalesce(d.provider_message_id, p.message_id)
     from unnest($2::uuid[], $3::timestamptz[], $4::text[], $5::int[]) as p (delivery_id, created_at, message_id, attempts)
    where d.tenant_id = $1 and d.delivery_id = p.delivery_id and d.created_at = p.created_at
      and d.created_at >= $6 and d.created_at <= $7
      and (d.status = 'sent' or (d.status = 'failed' and d.error_code = 'outcome_unknown')
           or (d.status = 'queued' and p.attempts > 0))
   returning d.delivery_id as "deliveryId", d.registration_id as "registrationId", d.attempts,
             d.provider_message_id as "messageId"`,
);

export interface RaisedDelivery {
  deliveryId: string;
  registrationId: string | null;
  attempts: number;
  /** The message as which it counts as sent. */
  messageId: string | null;
}

/**
 * Makes delivered what was sent, what was of unknown outcome, and what `settleTries` took off.
 * @param proven each delivery once
 * @returns those that this changed
 */
export async function raiseToDelivered(
  tx: Transaction,
  proven: readonly ProvenDelivery[],
  settled: ReadonlyMap<string, SettledTry>,
  now: Date,
): Promise<RaisedDelivery[]> {
  const times = proven.map(({ deliveryId }) => createdAtOf(deliveryId));
  return await tx.query<RaisedDelivery>(raiseSql, [
    tx.tenantId,
    proven.map(({ deliveryId }) => deliveryId),
    times,
    proven.map(({ messageId }) => messageId),
    proven.map(({ deliveryId }) => settled.get(deliveryId)?.attemptNo ?? 0),
    ...span(times),
    now,
  ]);
}

const respondSql = statement(
  'confirm_respond',
  `update deliveries set responded_at = $4
    where tenant_id = $1 and delivery_id = $2 and created_at = $3 and responded_at is null`,
);

/** Puts down when the reader first answered; travels with the next statements. */
export function markResponded(tx: Transaction, deliveryId: string, now: Date): void {
  tx.enqueue(respondSql, [tx.tenantId, deliveryId, createdAtOf(deliveryId), now]);
}

const ofTokensSql = statement(
  'confirm_of_tokens',
  `select delivery_id as "deliveryId", status, attempts, provider_message_id as "messageId" from deliveries
    where tenant_id = $1 and delivery_id = any($2::uuid[]) and registration_id = $3
      and created_at >= $4 and created_at <= $5`,
);

export interface TokenedDelivery {
  deliveryId: string;
  status: string;
  attempts: number;
  messageId: string | null;
}

/** Which of these tokens are deliveries by the registration; others, such as those of replies, are left out. */
export async function findByTokens(
  tx: Transaction,
  registrationId: string,
  tokens: readonly string[],
): Promise<TokenedDelivery[]> {
  const times = tokens.map(createdAtOf);
  return await tx.query<TokenedDelivery>(ofTokensSql, [
    tx.tenantId,
    [...tokens],
    registrationId,
    ...span(times),
  ]);
}

/** Messages of a registration, as a person or the platform names them. */
export interface ReadMessages {
  registrationId: string;
  messageIds: readonly string[];
  /** The destinations of the conversation in question: ids may be unique in it alone. Null: unique everywhere. */
  destinationIds: readonly string[] | null;
}

// The log knows every copy; the ids of those that lie in the conversation are looked up by their own time.
const ofMessagesSql = statement(
  'confirm_of_messages',
  `select delivery_id as "deliveryId", provider_message_id as "messageId" from delivery_attempts
    where tenant_id = $1 and provider_message_id = any($2::text[]) and lane_id = $3`,
);

const unconfirmedSql = statement(
  'confirm_unconfirmed',
  `select delivery_id as "deliveryId" from deliveries
    where tenant_id = $1 and delivery_id = any($2::uuid[]) and created_at >= $3 and created_at <= $4
      and status not in ('delivered', 'skipped') and ($5::text[] is null or destination_id = any($5))`,
);

/** Deliveries that these messages are, and that are not known to have arrived. */
export async function findByMessages(tx: Transaction, read: ReadMessages): Promise<ProvenDelivery[]> {
  const { registrationId, messageIds, destinationIds } = read;
  const found = await tx.query<ProvenDelivery>(ofMessagesSql, [tx.tenantId, [...messageIds], registrationId]);
  const messages = new Map(found.map(({ deliveryId, messageId }) => [deliveryId, messageId]));
  if (messages.size === 0) return [];
  const ids = [...messages.keys()];
  const open = await tx.query<{ deliveryId: string }>(unconfirmedSql, [
    tx.tenantId,
    ids,
    ...span(ids.map(createdAtOf)),
    destinationIds,
  ]);
  return open.map(({ deliveryId }) => ({ deliveryId, messageId: messages.get(deliveryId) ?? null }));
}

const readUpToSql = statement(
  'confirm_read_up_to',
  `select delivery_id as "deliveryId", provider_message_id as "messageId" from deliveries
    where tenant_id = $1 and user_id = $2 and created_at >= $3 and registration_id = $4 and status = 'sent'
      and destination_id = any($5::text[])
      and length(provider_message_id) = length($6) and provider_message_id collate "C" <= $6
    order by delivery_id desc limit $7`,
);

/** What a person saw by reading a conversation up to a message whose id is a time in digits, as all ids there are. */
export interface ReadUpTo {
  registrationId: string;
  userId: string;
  destinationIds: readonly string[];
  messageId: string;
  /** Older deliveries are left alone. */
  since: Date;
  limit: number;
}

/** The person's deliveries in that conversation that are not known to have arrived, the newest first. */
export async function findReadUpTo(tx: Transaction, read: ReadUpTo): Promise<ProvenDelivery[]> {
  const { registrationId, userId, destinationIds, messageId, since, limit } = read;
  return await tx.query<ProvenDelivery>(readUpToSql, [
    tx.tenantId,
    userId,
    since,
    registrationId,
    [...destinationIds],
    messageId,
    limit,
  ]);
}

/** Which of these messages stand in the log of a delivery already. */
export async function loggedMessages(
  tx: Transaction,
  deliveryId: string,
  messageIds: readonly string[],
): Promise<Set<string>> {
  const rows = await tx.query<{ messageId: string }>(
    `select provider_message_id as "messageId" from delivery_attempts
      where tenant_id = $1 and delivery_id = $2 and provider_message_id = any($3::text[])`,
    [tx.tenantId, deliveryId, [...messageIds]],
  );
  return new Set(rows.map((row) => row.messageId));
}

/** Plain parameters that let the planner leave partitions out. */
function span(times: readonly Date[]): [Date, Date] {
  const all = times.map((time) => time.getTime());
  return [new Date(Math.min(...all)), new Date(Math.max(...all))];
}
