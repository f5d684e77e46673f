/** The arithmetic of the audit: keyed hashes of payloads and of rows, each row sealing the one before it. */
import { createHmac } from 'node:crypto';
import { canonicalJson, type JsonValue } from '../kernel/canonical-json.ts';

export const hashAlgorithm = 'hmac-sha256';

/** The previous hash of a tenant's first row. */
export const genesisHash = '0'.repeat(64);

export type ActorKind = 'user' | 'key' | 'operator' | 'system';
export type AuditResult = 'success' | 'failure' | 'denied' | 'unknown';

/** What an audit row says, before it is given its place in the chain. */
export interface AuditRecord {
  eventId: string;
  createdAt: Date;
  actorKind: ActorKind;
  /** Id of the key, the operator's subject or the user; null when nobody is known (an unlinked person). */
  actorId: string | null;
  actorUserId: string | null;
  platformUserId: string | null;
  platform: string | null;
  surface: string;
  action: string;
  targetKind: string | null;
  targetId: string | null;
  /** Receipt, nonce or idempotency key that this attempt came with. */
  sourceId: string | null;
  payloadHash: string;
  hashKeyId: string;
  result: AuditResult;
  errorCode: string | null;
}

export interface AuditRow extends AuditRecord {
  seq: number;
  hashAlgorithm: string;
  previousHash: string;
  rowHash: string;
}

/** What was asked: with the tenant's key anyone can prove what a payload was; without it nobody can guess. */
export interface AuditPayload {
  action: string;
  /** Input after schema parsing; as it came where the schema refused it. */
  input: JsonValue;
  target: { kind: string; id: string } | null;
}

/** HMAC-SHA-256 of the canonical JSON (RFC 8785) of the payload, 64 lower-case hexadecimal digits. */
export function payloadHash(key: Buffer, payload: AuditPayload): string {
  const { action, input, target } = payload;
  return hmac(key, canonicalJson({ action, input, target: target && { kind: target.kind, id: target.id } }));
}

/** HMAC-SHA-256 over every column of the row and the hash of the row before it. */
export function rowHash(key: Buffer, tenantId: string, row: Omit<AuditRow, 'rowHash'>): string {
  const { createdAt, ...columns } = row;
  return hmac(key, canonicalJson({ ...columns, tenantId, createdAt: createdAt.toISOString() }));
}

/** Seals where the chain ends: without the key nobody can move the end back to an earlier row. */
export function headSeal(key: Buffer, tenantId: string, head: { seq: number; rowHash: string }): string {
  return hmac(key, canonicalJson({ head: head.rowHash, seq: head.seq, tenantId }));
}

function hmac(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex');
}
