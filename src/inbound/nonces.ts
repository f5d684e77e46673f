/** Single-use tokens in cards and forms: signed, so that they cost no write until they are used. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { parse, validate } from 'uuid';
import { canonicalJson, type JsonObject } from '../kernel/canonical-json.ts';

/** A card can be used this long. */
export const nonceDays = 30;

/** 12 random bytes, then the time. */
const plainLength = 16;
/** The delivery's id (16 bytes), a hash of the button's label (8 bytes), then the time. */
const deliveryLength = 28;
const idLength = 16;
const labelLength = 8;
const timeLength = 4;

export class Nonces {
  readonly #key: string;

  /** @param key secret of this installation */
  constructor(key: string) {
    this.#key = key;
  }

  /** A fresh token of the tenant: 12 random bytes and the second in which it was made, under a MAC. */
  issue(tenantId: string, now: Date): string {
    return this.#sign(tenantId, randomBytes(plainLength - timeLength), now);
  }

  /**
   * The token of a button on a notification: the same for the same arguments, so that every attempt at a delivery sends
   * the same card; it says which delivery it came by.
   * @param deliveryId a UUID
   * @param label tells the buttons of one card apart; those that exclude one another share it
   */
  issueForDelivery(tenantId: string, deliveryId: string, label: string, madeAt: Date): string {
    const hash = createHash('sha256').update(label).digest().subarray(0, labelLength);
    return this.#sign(tenantId, Buffer.concat([parse(deliveryId), hash]), madeAt);
  }

  /** The delivery that the token came by; null for other tokens. To be believed only of a valid one. */
  deliveryOf(nonce: string): string | null {
    const body = readNonce(nonce)?.body;
    if (body?.length !== deliveryLength) return null;
    const hex = body.toString('hex', 0, idLength);
    const id = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join(
      '-',
    );
    return validate(id) ? id : null;
  }

  /** Whether the token is genuine, of this tenant and not too old. */
  isValid(tenantId: string, nonce: string, now: Date): boolean {
    const read = readNonce(nonce);
    if (read === null) return false;
    const expected = Buffer.from(this.#mac(tenantId, read.body));
    const given = Buffer.from(read.mac);
    if (expected.length !== given.length || !timingSafeEqual(expected, given)) return false;
    const ageSeconds = now.getTime() / 1_000 - read.body.readUInt32BE(read.body.length - timeLength);
    return ageSeconds >= -300 && ageSeconds <= nonceDays * 86_400;
  }

  #sign(tenantId: string, content: Buffer, madeAt: Date): string {
    const time = Buffer.alloc(timeLength);
    time.writeUInt32BE(Math.floor(madeAt.getTime() / 1_000));
    const body = Buffer.concat([content, time]);
    return `${body.toString('base64url')}.${this.#mac(tenantId, body)}`;
  }

  #mac(tenantId: string, body: Buffer): string {
    return createHmac('sha256', this.#key).update(tenantId).update(body).digest('base64url').slice(0, 22);
  }
}

/** Its two parts, as far as their form goes; null for what no token looks like. */
function readNonce(nonce: string): { body: Buffer; mac: string } | null {
  const [bodyText, mac, ...more] = nonce.split('.');
  if (bodyText === undefined || mac === undefined || more.length > 0) return null;
  const body = Buffer.from(bodyText, 'base64url');
  // One spelling only: the text is what is used up.
  if (body.toString('base64url') !== bodyText) return null;
  return body.length === plainLength || body.length === deliveryLength ? { body, mac } : null;
}

/** What a nonce was used for: the same person with the same input may repeat it, nobody else. */
export function interactionHash(action: string, input: JsonObject): string {
  return createHash('sha256').update(canonicalJson({ action, input })).digest('hex');
}
