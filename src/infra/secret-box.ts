/** Encryption at rest: AES-256-GCM under a named key, so that keys can be rotated one secret at a time. */
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';

const version = 'v1';

/**
 * Seals small secrets (credentials, audit keys). The first key seals; every key opens. A sealed text is
 * `v1.<key id>.<nonce>.<ciphertext and tag>`, base64url, bound to its purpose by the associated data.
 */
export class SecretBox {
  readonly #keys: Map<string, Buffer>;
  readonly #current: { id: string; key: Buffer };

  /** @param masterKeys 32 bytes each, the current one first. */
  constructor(masterKeys: readonly Buffer[]) {
    const [first] = masterKeys;
    if (first === undefined || masterKeys.some((key) => key.length !== 32)) {
      throw new TypeError('a secret box needs keys of 32 bytes');
    }
    this.#keys = new Map(masterKeys.map((key) => [keyId(key), key]));
    this.#current = { id: keyId(first), key: first };
  }

  get currentKeyId(): string {
    return this.#current.id;
  }

  get keyIds(): string[] {
    return [...this.#keys.keys()];
  }

  /** @param purpose what the secret is for, e.g. `registration:<id>`; the same text is needed to open it. */
  seal(secret: string, purpose: string): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', encryptionKey(this.#current.key), nonce);
    cipher.setAAD(Buffer.from(purpose));
    const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return [version, this.#current.id, nonce.toString('base64url'), sealed.toString('base64url')].join('.');
  }

  /** @throws Error when the key is unknown, the purpose differs or the text was altered; never with content. */
  open(sealedText: string, purpose: string): string {
    const [sealedVersion, id, nonceText, body] = sealedText.split('.');
    const key = id === undefined ? undefined : this.#keys.get(id);
    if (sealedVersion !== version || key === undefined || nonceText === undefined || body === undefined) {
      throw new Error(`secret box: no key ${id ?? ''} for this secret`);
    }
    const bytes = Buffer.from(body, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', encryptionKey(key), Buffer.from(nonceText, 'base64url'));
    decipher.setAAD(Buffer.from(purpose));
    decipher.setAuthTag(bytes.subarray(bytes.length - 16));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString('utf8');
    } catch {
      throw new Error('secret box: the secret was altered or is sealed for another purpose');
    }
  }

  /** Whether the text is sealed under another key than the current one. */
  needsRotation(sealedText: string): boolean {
    return sealedText.split('.')[1] !== this.#current.id;
  }

  /** A secret of its own for one purpose, derived from the current key (HKDF-SHA-256), hexadecimal. */
  derive(purpose: string): string {
    return derived(this.#current.key, purpose);
  }

  /** Proves, for each key, that it is the one an id stands for; safe to store. */
  proofs(): { keyId: string; proof: string }[] {
    return [...this.#keys].map(([id, key]) => ({ keyId: id, proof: derived(key, 'proof') }));
  }
}

function keyId(key: Buffer): string {
  return createHash('sha256').update('deskbridge key id').update(key).digest('hex').slice(0, 12);
}

function encryptionKey(key: Buffer): Buffer {
  return createHmac('sha256', key).update('deskbridge secret box v1').digest();
}

function derived(key: Buffer, purpose: string): string {
  return Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `deskbridge ${purpose}`, 32)).toString('hex');
}
