/**
 * The cryptography of Lark's events: what signs a request and what hides its body.
 * Source: https://open.feishu.cn/document/server-docs/event-subscription-guide/event-subscription-configure-/encrypt-key-encryption-configuration-case
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const algorithm = 'aes-256-cbc';
const blockBytes = 16;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The signature of a request: hex SHA-256 over timestamp, nonce, encrypt key and the raw body. Not an HMAC. */
export function signatureOf(timestamp: string, nonce: string, encryptKey: string, body: Buffer): string {
  return createHash('sha256').update(timestamp).update(nonce).update(encryptKey).update(body).digest('hex');
}

/** Whether two texts are the same, in a time that tells nothing of either. */
export function isSameSecret(one: string, other: string): boolean {
  return timingSafeEqual(sha256(one), sha256(other));
}

/**
 * The plain text of an event's `encrypt`; null when the key is another one or the text was damaged. Its base64 holds the
 * initialization vector and behind it AES-256-CBC with PKCS #7 padding, under the SHA-256 of the encrypt key.
 */
export function decrypt(encrypted: string, encryptKey: string): string | null {
  const bytes = Buffer.from(encrypted, 'base64');
  if (bytes.length < 2 * blockBytes || bytes.length % blockBytes !== 0) return null;
  try {
    const decipher = createDecipheriv(algorithm, sha256(encryptKey), bytes.subarray(0, blockBytes));
    const plain = Buffer.concat([decipher.update(bytes.subarray(blockBytes)), decipher.final()]);
    return utf8.decode(plain);
  } catch {
    return null;
  }
}

/** The opposite of `decrypt`: what the platform does. */
export function encrypt(plain: string, encryptKey: string, iv: Buffer = randomBytes(blockBytes)): string {
  const cipher = createCipheriv(algorithm, sha256(encryptKey), iv);
  return Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final()]).toString('base64');
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
