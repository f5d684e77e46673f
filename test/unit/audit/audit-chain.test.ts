/** The audit's hashes: the same for the same payload however it is written down, another for any other. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AuditRow, genesisHash, payloadHash, rowHash } from '../../../src/audit/audit-chain.ts';
import type { JsonValue } from '../../../src/kernel/canonical-json.ts';

const key = Buffer.alloc(32, 3);
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);

describe('payloadHash', () => {
  it('is HMAC-SHA-256 of the canonical JSON: a value that anyone with the key can recompute', () => {
    const payload = {
      action: 'add_note',
      input: { ticket: '1002', note: 'ü' },
      target: { kind: 'ticket', id: '7' },
    };
    expect(payloadHash(key, payload)).toBe(
      'ce90976fb26e652150f185fdac7719ab8ab9394d0e54a3292ef8278e7fd6af01',
    );
  });

  it('does not depend on the order of members', () => {
    const one = { action: 'a', input: { x: 1, y: { b: 2, a: 3 } }, target: null };
    const other = { target: null, input: { y: { a: 3, b: 2 }, x: 1 }, action: 'a' };
    expect(payloadHash(key, one)).toBe(payloadHash(key, other));
  });

  it('differs for another input, another target and another key', () => {
    fc.assert(
      fc.property(json, json, (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        const hash = (input: JsonValue) => payloadHash(key, { action: 'a', input: [input], target: null });
        fc.pre(JSON.stringify(sorted(one)) !== JSON.stringify(sorted(other)));
        expect(hash(one)).not.toBe(hash(other));
      }),
    );
    const payload = { action: 'a', input: null, target: null };
    expect(payloadHash(Buffer.alloc(32, 4), payload)).not.toBe(payloadHash(key, payload));
    expect(payloadHash(key, { ...payload, target: { kind: 'ticket', id: '1' } })).not.toBe(
      payloadHash(key, payload),
    );
  });
});

describe('rowHash', () => {
  const row: Omit<AuditRow, 'rowHash'> = {
    seq: 1,
    eventId: 'e',
    createdAt: new Date('2026-11-21T10:00:00.123Z'),
    actorKind: 'user',
    actorId: 'u',
    actorUserId: 'u',
    platformUserId: 'p',
    platform: 'teams',
    surface: 'bot',
    action: 'add_note',
    targetKind: 'ticket',
    targetId: 't',
    sourceId: 'r',
    payloadHash: 'a'.repeat(64),
    hashAlgorithm: 'hmac-sha256',
    hashKeyId: 'k',
    result: 'success',
    errorCode: null,
    previousHash: genesisHash,
  };

  it('covers every column, the tenant and the key', () => {
    const base = rowHash(key, 'tenant', row);
    for (const column of Object.keys(row)) {
      const value = column === 'createdAt' ? new Date(0) : column === 'seq' ? 2 : 'changed';
      expect(rowHash(key, 'tenant', { ...row, [column]: value }), column).not.toBe(base);
    }
    expect(rowHash(key, 'another tenant', row)).not.toBe(base);
    expect(rowHash(Buffer.alloc(32, 4), 'tenant', row)).not.toBe(base);
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort()
      .map(([name, member]) => [name, sorted(member)]),
  );
}
