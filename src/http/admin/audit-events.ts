/** The audit of a tenant: its rows, and the proof that none was altered or taken away. */
import { z } from 'zod';
import type { AuditRow } from '../../audit/audit-chain.ts';
import { listAuditEvents } from '../../audit/audit-queries.ts';
import { verifyChain } from '../../audit/verify-chain.ts';
import { toPage } from '../../infra/keyset.ts';
import {
  anyInstant,
  id,
  instant,
  listOf,
  pageQuery,
  type Route,
  readRoute,
  toPageRequest,
} from '../route.ts';

const hash = z.string().describe('64 lower-case hexadecimal digits');

const auditEvent = z.object({
  event_id: id,
  seq: z.int().describe('Gapless, from 1 on'),
  created_at: instant,
  action: z.string(),
  surface: z.string(),
  platform: z.string().nullable(),
  actor_kind: z.enum(['user', 'key', 'operator', 'system']),
  actor_id: z.string().nullable(),
  actor_user_id: z.string().nullable(),
  platform_user_id: z.string().nullable(),
  target_kind: z.string().nullable(),
  target_id: z.string().nullable(),
  source_id: z.string().nullable().describe('Receipt or Idempotency-Key of the attempt'),
  result: z.enum(['success', 'failure', 'denied', 'unknown']),
  error_code: z.string().nullable(),
  payload_hash: hash,
  hash_algorithm: z.string(),
  hash_key_id: id,
  previous_hash: hash,
  row_hash: hash,
});

function present(row: AuditRow) {
  return {
    event_id: row.eventId,
    seq: row.seq,
    created_at: row.createdAt.toISOString(),
    action: row.action,
    surface: row.surface,
    platform: row.platform,
    actor_kind: row.actorKind,
    actor_id: row.actorId,
    actor_user_id: row.actorUserId,
    platform_user_id: row.platformUserId,
    target_kind: row.targetKind,
    target_id: row.targetId,
    source_id: row.sourceId,
    result: row.result,
    error_code: row.errorCode,
    payload_hash: row.payloadHash,
    hash_algorithm: row.hashAlgorithm,
    hash_key_id: row.hashKeyId,
    previous_hash: row.previousHash,
    row_hash: row.rowHash,
  };
}

const text = z.string().max(200).optional();
const moment = anyInstant.transform((value) => new Date(value)).optional();
const path = '/v1/tenants/{tenant}/audit-events';
const tag = 'Audit';

export const auditEventRoutes: Route[] = [
  readRoute({
    method: 'get',
    path,
    tag,
    summary: 'List audit events, newest first',
    capability: 'audit:read',
    query: pageQuery.extend({
      action: text,
      actor: text.describe('Id of the user, key or operator'),
      target_kind: text,
      target_id: text,
      result: z.enum(['success', 'failure', 'denied', 'unknown']).optional(),
      since: moment.describe('From this instant on'),
      until: moment.describe('Before this instant'),
    }),
    response: listOf(auditEvent),
    handle: async (tx, { query }) => {
      const { limit, cursor: _, ...filter } = query;
      const rows = await listAuditEvents(tx, filter, toPageRequest(query));
      const page = toPage(rows, limit, (row) => ({ createdAt: row.createdAt, id: row.eventId }));
      return { items: page.items.map(present), next_cursor: page.nextCursor };
    },
  }),
  readRoute({
    method: 'get',
    path: `${path}/verification`,
    tag,
    summary: 'Verify the whole chain: the first row that is altered, missing or out of order, or a cut tail',
    capability: 'audit:read',
    response: z.object({
      valid: z.boolean(),
      checked: z.int().describe('Rows whose hash was recomputed'),
      last_seq: z.int().describe('The last good row'),
      fault: z
        .object({
          kind: z.enum(['altered', 'missing', 'reordered', 'unknown_key', 'tail_cut', 'head_altered']),
          seq: z.int(),
          event_id: z.string().nullable(),
        })
        .nullable(),
    }),
    handle: async (tx, { services }) => {
      const { valid, checked, lastSeq, fault } = await verifyChain(tx, services.auditKeys);
      return {
        valid,
        checked,
        last_seq: lastSeq,
        fault: fault && { kind: fault.kind, seq: fault.seq, event_id: fault.eventId },
      };
    },
  }),
];
