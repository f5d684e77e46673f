/** Single-use tokens in cards and forms: signed, so that they cost no write until they are used. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { canonicalJson, type JsonObject } from '../kernel/canonical-json.ts';

/** A card can be used this long. */
export const nonceDays = 30;

export class Nonces {
  readonly #key: string;

  /** @param key secret of this installation */
  constructor(key: string) {
    this.#key = key;
  }

  /** A fresh token of the tenant: 12 random bytes and the day it was made, under a MAC. */
  issue(tenantId: string, now: Date): string {
    const body = Buffer.alloc(16);
    randomBytes(12).copy(body);
    body.writeUInt32BE(Math.floor(now.getTime() / 1_000), 12);
    return `${body.toString('base64url')}.${this.#mac(tenantId, body)}`;
  }

  /** Whether the token is genuine, of this tenant and not too old. */
  isValid(tenantId: string, nonce: string, now: Date): boolean {
    const [bodyText, mac, ...more] = nonce.split('.');
    if (bodyText === undefined || mac === undefined || more.length > 0) return false;
    const body = Buffer.from(bodyText, 'base64url');
    // One spelling only: the text is what is used up.
    if (body.length !== 16 || body.toString('base64url') !== bodyText) return false;
    const expected = Buffer.from(this.#mac(tenantId, body));
    const given = Buffer.from(mac);
    if (expected.length !== given.length || !timingSafeEqual(expected, given)) return false;
    const ageSeconds = now.getTime() / 1_000 - body.readUInt32BE(12);
    return ageSeconds >= -300 && ageSeconds <= nonceDays * 86_400;
  }

  #mac(tenantId: string, body: Buffer): string {
    return createHmac('sha256', this.#key).update(tenantId).update(body).digest('base64url').slice(0, 22);
  }
}

/** What a nonce was used for: the same person with the same input may repeat it, nobody else. */
export function interactionHash(action: string, input: JsonObject): string {
  return createHash('sha256').update(canonicalJson({ action, input })).digest('hex');
}
