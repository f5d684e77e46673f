/** SQL of receipts: an event is claimed once, and its reply outlives a crash. */
import { type Sql, statement, type Transaction } from '../infra/database.ts';
import type { ConversationReference } from '../kernel/activity.ts';
import type { Reply } from '../kernel/message.ts';

/** `claimed` only inside a transaction; `handled` = committed, reply not known to have arrived. */
export type ReceiptStatus = 'claimed' | 'handled' | 'replied' | 'reply_failed';

export interface StoredReceipt {
  receiptId: string;
  status: ReceiptStatus;
  reply: Reply | null;
}

/** A reply that a sweep may have to send. */
export interface PendingReply {
  receiptId: string;
  registrationId: string;
  reply: Reply;
  reference: ConversationReference;
  replyToMessageId: string | null;
  attempts: number;
  /** An earlier try may have been posted. */
  ambiguous: boolean;
  claimedAt: Date;
}

/** A reply that arrived. */
export interface SentReply {
  receiptId: string;
  /** How often a sweep had taken it over when it was sent. */
  attempts: number;
  /** The platform's id of the message; null for an answer. */
  messageId: string | null;
  sentAt: Date;
}

/** Kind of the directory's rows for replies. */
export const replyWork = 'reply';

const claimSql = statement(
  'receipt_claim',
  `insert into receipts (tenant_id, registration_id, event_key, receipt_id, claimed_at, status, attempts, ambiguous)
   values ($1, $2, $3, $4, $5, 'claimed', 0, false)
   on conflict (tenant_id, registration_id, event_key) do nothing`,
);

const storeSql = statement(
  'receipt_store_reply',
  `update receipts set status = $3, reply = $4, reference = $5, reply_to = $6, send_until = $7, erase_after = $8
    where tenant_id = $1 and receipt_id = $2`,
);

const dueSql = statement(
  'receipt_reply_due',
  `insert into due_work (kind, tenant_id, item_id, due_at) values ('reply', $1, $2, $3)
   on conflict (kind, tenant_id, item_id) do update set due_at = excluded.due_at`,
);

const completeSql = statement(
  'receipt_complete',
  `update receipts set status = 'replied', platform_message_id = $4, replied_at = $5, send_until = null,
          error_code = null
    where tenant_id = $1 and receipt_id = $2 and attempts = $3 and status = 'handled'`,
);

const notDueSql = statement(
  'receipt_reply_done',
  `delete from due_work where kind = 'reply' and tenant_id = $1 and item_id = any($2::uuid[])`,
);

/** Claims the event; false when it was claimed before. A rival's open claim is waited for. */
export async function claimReceipt(
  tx: Transaction,
  claim: { registrationId: string; eventKey: string; receiptId: string; now: Date },
): Promise<boolean> {
  const { registrationId, eventKey, receiptId, now } = claim;
  return (await tx.execute(claimSql, [tx.tenantId, registrationId, eventKey, receiptId, now])) === 1;
}

export async function readReceipt(
  tx: Transaction,
  registrationId: string,
  eventKey: string,
): Promise<StoredReceipt | null> {
  const [row] = await tx.query<{ receipt_id: string; status: ReceiptStatus; reply: Reply | null }>(
    `select receipt_id, status, reply from receipts
      where tenant_id = $1 and registration_id = $2 and event_key = $3`,
    [tx.tenantId, registrationId, eventKey],
  );
  return row === undefined ? null : { receiptId: row.receipt_id, status: row.status, reply: row.reply };
}

/** Stores the reply on the receipt; with `sendUntil` the sweep takes over after that moment. */
export function storeReply(
  tx: Transaction,
  stored: {
    receiptId: string;
    reply: Reply;
    reference: ConversationReference | null;
    replyToMessageId: string | null;
    sendUntil: Date | null;
    eraseAfter: Date;
  },
): void {
  tx.enqueue(storeSql, [
    tx.tenantId,
    stored.receiptId,
    stored.sendUntil === null ? 'replied' : 'handled',
    JSON.stringify(stored.reply),
    stored.sendUntil === null ? null : JSON.stringify(stored.reference),
    stored.replyToMessageId,
    stored.sendUntil,
    stored.eraseAfter,
  ]);
  if (stored.sendUntil !== null) tx.enqueue(dueSql, [tx.tenantId, stored.receiptId, stored.sendUntil]);
}

/** Records that these replies arrived, but for those that somebody else took over since: those stay due. */
export async function completeReceipts(tx: Transaction, sent: readonly SentReply[]): Promise<void> {
  // One update each: a joint one over arrays is planned anew every time, which costs more than it saves.
  const touched = await Promise.all(
    sent.map(({ receiptId, attempts, messageId, sentAt }) =>
      tx.execute(completeSql, [tx.tenantId, receiptId, attempts, messageId, sentAt]),
    ),
  );
  const completed = sent.filter((_, index) => touched[index] === 1).map(({ receiptId }) => receiptId);
  tx.enqueue(notDueSql, [tx.tenantId, completed]);
}

/** Puts the next try off. */
export function postponeReply(
  tx: Transaction,
  receiptId: string,
  next: { attempts: number; ambiguous: boolean; errorCode: string; at: Date },
): void {
  tx.enqueue(
    `update receipts set send_until = $4, ambiguous = $5, error_code = $6
      where tenant_id = $1 and receipt_id = $2 and attempts = $3 and status = 'handled'`,
    [tx.tenantId, receiptId, next.attempts, next.at, next.ambiguous, next.errorCode],
  );
  tx.enqueue(dueSql, [tx.tenantId, receiptId, next.at]);
}

/** Gives the reply up, unless somebody else took it over since; the receipt says why. */
export async function failReply(
  tx: Transaction,
  receiptId: string,
  failure: { attempts: number; errorCode: string },
): Promise<void> {
  const failed = await tx.execute(
    `update receipts set status = 'reply_failed', send_until = null, error_code = $4
      where tenant_id = $1 and receipt_id = $2 and attempts = $3 and status = 'handled'`,
    [tx.tenantId, receiptId, failure.attempts, failure.errorCode],
  );
  if (failed === 1) tx.enqueue(notDueSql, [tx.tenantId, [receiptId]]);
}

/** Replies whose time to be sent is over, of every tenant, the oldest first. */
export async function dueReplies(
  sql: Sql,
  now: Date,
  limit: number,
): Promise<{ tenant_id: string; item_id: string }[]> {
  return await sql.query(
    'select tenant_id, item_id from due_work where kind = $1 and due_at <= $2 order by due_at limit $3',
    [replyWork, now, limit],
  );
}

/** Takes a due reply over: of two sweeps only one gets it. Null when there is nothing to send any more. */
export async function takeOverReply(
  tx: Transaction,
  receiptId: string,
  now: Date,
  sendUntil: Date,
): Promise<PendingReply | null> {
  const [row] = await tx.query<{
    registration_id: string;
    reply: Reply;
    reference: ConversationReference;
    reply_to: string | null;
    attempts: number;
    ambiguous: boolean;
    claimed_at: Date;
  }>(
    `update receipts set attempts = attempts + 1, send_until = $4
      where tenant_id = $1 and receipt_id = $2 and status = 'handled' and send_until <= $3
      returning registration_id, reply, reference, reply_to, attempts, ambiguous, claimed_at`,
    [tx.tenantId, receiptId, now, sendUntil],
  );
  if (row === undefined) return null;
  tx.enqueue(dueSql, [tx.tenantId, receiptId, sendUntil]);
  return {
    receiptId,
    registrationId: row.registration_id,
    reply: row.reply,
    reference: row.reference,
    replyToMessageId: row.reply_to,
    attempts: row.attempts,
    ambiguous: row.ambiguous,
    claimedAt: row.claimed_at,
  };
}

/** Removes a due directory row whose receipt has nothing to send any more. */
export async function forgetDueReply(tx: Transaction, receiptId: string, now: Date): Promise<void> {
  const [open] = await tx.query(
    "select 1 from receipts where tenant_id = $1 and receipt_id = $2 and status = 'handled' and send_until > $3",
    [tx.tenantId, receiptId, now],
  );
  if (open === undefined) await tx.execute(notDueSql, [tx.tenantId, [receiptId]]);
}

/** Erases replies whose repeat window is over, then receipts and nonces that nothing can repeat any more. */
export async function eraseOldReceipts(tx: Transaction, now: Date): Promise<void> {
  const week = new Date(now.getTime() - 7 * 86_400_000);
  tx.enqueue(
    `update receipts set reply = null, reference = null, erase_after = null
      where tenant_id = $1 and erase_after < $2 and status <> 'handled'`,
    [tx.tenantId, now],
  );
  tx.enqueue(
    `delete from receipts where tenant_id = $1 and claimed_at < $2 and erase_after is null and status <> 'handled'`,
    [tx.tenantId, week],
  );
  await tx.execute('delete from consumed_nonces where tenant_id = $1 and erase_after < $2', [
    tx.tenantId,
    now,
  ]);
}
