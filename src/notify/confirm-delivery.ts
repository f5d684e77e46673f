/** Proof that a delivery arrived: a button of it was pressed, somebody read it, the platform shows it. */
import { version } from 'uuid';
import type { Transaction } from '../infra/database.ts';
import type { Intent } from '../kernel/activity.ts';
import { isUuid, newId } from '../kernel/ids.ts';
import {
  findByMessages,
  findByTokens,
  findReadUpTo,
  loggedMessages,
  markResponded,
  type ProvenDelivery,
  raiseToDelivered,
  settleTries,
  type TokenedDelivery,
} from './confirm-delivery-store.ts';
import { createdAtOf } from './delivery-id.ts';
import { insertAttempts } from './outcome-store.ts';
import { noteSurplus } from './surplus-store.ts';
import { planLateWithdrawals } from './withdrawal-store.ts';

type Evidence = Extract<Intent, { kind: 'evidence' }>;

/** Where evidence comes from. */
export interface EvidenceOrigin {
  registrationId: string;
  /** The linked user who read; null when nobody is known. */
  userId: string | null;
  /** Ids of destinations that lie in the conversation: the person's and the conversation's own. Null: not told. */
  destinationIds: readonly string[] | null;
}

/** What a person did not read for so long is left as it is. */
const readWithinMs = 30 * 86_400_000;
const clockSkewMs = 86_400_000;
/** One receipt may tell of a long absence. */
const maxReadAtOnce = 1_000;
/** Ids that grow with time where they have the same length: Unix times, in whole or with a fraction. */
const timeLikeId = /^\d+(\.\d+)?$/;

const words = {
  pressed: 'A button of it was used.',
  posted: 'The platform told of it.',
  read: 'It was read.',
} as const;

/**
 * Somebody used a button or a form of the delivery: it arrived, and this is when it was first answered.
 * @param response.messageId the platform's id of the message that the button stood on, where it is told
 */
export async function recordResponse(
  tx: Transaction,
  response: { deliveryId: string; messageId: string | null },
  now: Date,
): Promise<void> {
  await confirm(tx, [response], words.pressed, now);
  markResponded(tx, response.deliveryId, now);
}

/**
 * The platform tells of messages of ours. What is no delivery of the tenant by this registration is passed over: replies
 * carry tokens too.
 */
export async function recordEvidence(
  tx: Transaction,
  evidence: Evidence,
  origin: EvidenceOrigin,
  now: Date,
): Promise<void> {
  const posted = await findPosted(tx, evidence, origin, now);
  const read = await findRead(tx, evidence, origin, now);
  const proven = new Map<string, ProvenDelivery>();
  for (const each of [...posted, ...read]) {
    if (!proven.has(each.deliveryId)) proven.set(each.deliveryId, each);
  }
  if (proven.size === 0) return;
  await confirm(tx, [...proven.values()], words[evidence.of], now);
  for (const copy of posted) {
    const isFirst = copy.sentAs === null && proven.get(copy.deliveryId) === copy;
    if (!isFirst) await recordCopy(tx, copy, origin.registrationId, now);
  }
}

/** A message of a delivery, and the one as which the delivery was known to be sent. */
interface PostedCopy extends ProvenDelivery {
  sentAs: string | null;
  attempts: number;
}

async function findPosted(
  tx: Transaction,
  evidence: Evidence,
  origin: EvidenceOrigin,
  now: Date,
): Promise<PostedCopy[]> {
  const tokens = evidence.tokens.filter(({ token }) => isDeliveryId(token, now));
  if (tokens.length === 0) return [];
  const ids = [...new Set(tokens.map(({ token }) => token.toLowerCase()))];
  const found = await findByTokens(tx, origin.registrationId, ids);
  const deliveries = new Map(found.map((delivery) => [delivery.deliveryId, delivery]));
  return tokens.flatMap(({ token, messageId }) => {
    const delivery = deliveries.get(token.toLowerCase());
    return delivery === undefined ? [] : [copyOf(delivery, messageId)];
  });
}

function copyOf(
  { deliveryId, attempts, messageId: sentAs }: TokenedDelivery,
  messageId: string | null,
): PostedCopy {
  return { deliveryId, messageId, sentAs, attempts };
}

/** Ids of deliveries are UUIDs of version 7, whose time finds the partition; clocks may differ by a little. */
function isDeliveryId(token: string, now: Date): boolean {
  return isUuid(token) && version(token) === 7 && createdAtOf(token).getTime() < now.getTime() + clockSkewMs;
}

/** A second message of a delivery: nobody asked for it unless the log has it, so it is left to be deleted. */
async function recordCopy(tx: Transaction, copy: PostedCopy, laneId: string, now: Date): Promise<void> {
  const { deliveryId: id, messageId, sentAs, attempts } = copy;
  if (messageId === null || messageId === sentAs) return;
  if ((await loggedMessages(tx, id, [messageId])).has(messageId)) return;
  const attemptNo = Math.max(1, attempts);
  await noteSurplus(tx, { id, createdAt: createdAtOf(id), attemptNo, tryNo: 0, laneId, messageId }, now);
}

async function findRead(
  tx: Transaction,
  { messageIds, readUpTo }: Evidence,
  { registrationId, userId, destinationIds }: EvidenceOrigin,
  now: Date,
): Promise<ProvenDelivery[]> {
  const named = readUpTo === null ? messageIds : [...messageIds, readUpTo];
  const found =
    named.length === 0 ? [] : await findByMessages(tx, { registrationId, messageIds: named, destinationIds });
  if (readUpTo === null || userId === null || destinationIds === null || !timeLikeId.test(readUpTo))
    return found;
  const since = new Date(now.getTime() - readWithinMs);
  const place = { registrationId, userId, destinationIds };
  const earlier = await findReadUpTo(tx, { ...place, messageId: readUpTo, since, limit: maxReadAtOnce });
  return [...found, ...earlier];
}

/** The one order of writes: what is to be sent, then what is recorded. */
async function confirm(
  tx: Transaction,
  proven: readonly ProvenDelivery[],
  detail: string,
  now: Date,
): Promise<void> {
  const settled = await settleTries(
    tx,
    proven.map(({ deliveryId }) => deliveryId),
  );
  const raised = await raiseToDelivered(tx, proven, settled, now);
  if (raised.length > 0) {
    const ids = raised.map(({ deliveryId }) => deliveryId);
    const since = new Date(Math.min(...ids.map((id) => createdAtOf(id).getTime())));
    planLateWithdrawals(tx, ids, since, now);
  }
  insertAttempts(
    tx,
    raised.flatMap(({ deliveryId, registrationId, attempts, messageId }) => {
      if (registrationId === null) return [];
      const { attemptNo, tryNo } = settled.get(deliveryId) ?? { attemptNo: Math.max(1, attempts), tryNo: 0 };
      return [
        {
          attemptId: newId(),
          deliveryId,
          at: now,
          attemptNo,
          tryNo,
          laneId: registrationId,
          conversationKey: null,
          operation: null,
          startedAt: null,
          outcome: 'delivered' as const,
          errorCode: null,
          detail,
          messageId,
          requestId: null,
        },
      ];
    }),
  );
}
