/** Nonces of cards: genuine, of one tenant, for thirty days; and what an interaction is compared by. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interactionHash, Nonces, nonceDays } from '../../../src/inbound/nonces.ts';

const tenant = '00000000-0000-4000-8000-000000000001';
const other = '00000000-0000-4000-8000-000000000002';
const now = new Date('2026-11-21T10:00:00Z');
const nonces = new Nonces('key');
const inDays = (days: number) => new Date(now.getTime() + days * 86_400_000);

describe('nonces', () => {
  it('are valid for their tenant until their life is over', () => {
    const nonce = nonces.issue(tenant, now);
    expect(nonces.isValid(tenant, nonce, now)).toBe(true);
    expect(nonces.isValid(tenant, nonce, inDays(nonceDays - 0.01))).toBe(true);
    expect(nonces.isValid(tenant, nonce, inDays(nonceDays + 0.01))).toBe(false);
    expect(nonces.isValid(other, nonce, now)).toBe(false);
    expect(new Nonces('another key').isValid(tenant, nonce, now)).toBe(false);
  });

  it('are never the same twice', () => {
    expect(new Set(Array.from({ length: 1000 }, () => nonces.issue(tenant, now))).size).toBe(1000);
  });

  it('cannot be made up or changed', () => {
    const nonce = nonces.issue(tenant, now);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.base64String(),
          fc.string().map((tail) => `${nonce.split('.')[0]}.${tail}`),
        ),
        (text) => {
          fc.pre(text !== nonce);
          expect(nonces.isValid(tenant, text, now)).toBe(false);
        },
      ),
    );
    const [body = '', mac = ''] = nonce.split('.');
    // Another spelling of the same bytes would be another key of what is used up.
    for (const spelling of [`${nonce}.`, `${nonce}.x`, `${body}=.${mac}`, ` ${nonce}`, `${body}\n.${mac}`]) {
      expect(nonces.isValid(tenant, spelling, now)).toBe(false);
    }
    const older = Buffer.from(body, 'base64url');
    older.writeUInt32BE(older.readUInt32BE(12) + 86_400, 12);
    expect(nonces.isValid(tenant, `${older.toString('base64url')}.${mac}`, now)).toBe(false);
  });
});

describe('nonces of a delivery', () => {
  const delivery = '01933f2a-7c00-7abc-8def-0123456789ab';
  const issue = (label: string, id = delivery, at = now) => nonces.issueForDelivery(tenant, id, label, at);

  it('are the same for the same arguments, and others for others', () => {
    expect(issue('assign')).toBe(issue('assign'));
    const another = '01933f2a-7c00-7abc-8def-0123456789ac';
    const later = new Date(now.getTime() + 1_000);
    const different = [
      issue('assign'),
      issue('reply'),
      issue('assign', another),
      issue('assign', delivery, later),
      nonces.issueForDelivery(other, delivery, 'assign', now),
      new Nonces('another key').issueForDelivery(tenant, delivery, 'assign', now),
    ];
    expect(new Set(different).size).toBe(different.length);
  });

  it('are valid like any other, and fit where nonces go', () => {
    const nonce = issue('assign');
    expect(nonces.isValid(tenant, nonce, now)).toBe(true);
    expect(nonces.isValid(tenant, nonce, inDays(nonceDays - 0.01))).toBe(true);
    expect(nonces.isValid(tenant, nonce, inDays(nonceDays + 0.01))).toBe(false);
    expect(nonces.isValid(other, nonce, now)).toBe(false);
    expect(nonce.length).toBeLessThanOrEqual(64);
  });

  it('carry their delivery, whatever id, label and time', () => {
    const times = fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(fc.uuid(), fc.string(), times, (id, label, at) => {
        const nonce = issue(label, id, at);
        expect(nonces.deliveryOf(nonce)).toBe(id);
        expect(nonces.isValid(tenant, nonce, at)).toBe(true);
      }),
    );
  });

  it('read anything without harm, and find no delivery in other nonces', () => {
    expect(nonces.deliveryOf(nonces.issue(tenant, now))).toBeNull();
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), bytesLikeOurs.map(bytesAsNonce)), (text) => {
        const found = nonces.deliveryOf(text);
        expect(found === null || /^[0-9a-f-]{36}$/.test(found)).toBe(true);
        expect(nonces.isValid(tenant, text, now)).toBe(false);
      }),
    );
  });

  it('cannot be pointed at another delivery', () => {
    const [body = '', mac = ''] = issue('assign').split('.');
    const bytes = Buffer.from(body, 'base64url');
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const altered = Buffer.from(bytes);
        altered[at] = (altered[at] ?? 0) ^ change;
        expect(nonces.isValid(tenant, `${altered.toString('base64url')}.${mac}`, now)).toBe(false);
      }),
    );
  });
});

const bytesLikeOurs = fc
  .constantFrom(16, 27, 28, 29)
  .chain((length) => fc.uint8Array({ minLength: length, maxLength: length }));

function bytesAsNonce(bytes: Uint8Array): string {
  return `${Buffer.from(bytes).toString('base64url')}.${'m'.repeat(22)}`;
}

describe('interactionHash', () => {
  it('is the same for the same input in any order, and another for another input', () => {
    expect(interactionHash('a', { x: 1, y: [2] })).toBe(interactionHash('a', { y: [2], x: 1 }));
    expect(interactionHash('a', { x: 1 })).not.toBe(interactionHash('a', { x: '1' }));
    expect(interactionHash('a', {})).not.toBe(interactionHash('b', {}));
  });
});
