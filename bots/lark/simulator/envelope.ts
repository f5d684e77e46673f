/** The envelope of what Lark sends: encrypted, and signed over the raw bytes. */
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';

/** What it takes to seal for an app. */
export interface SealingApp {
  encryptKey: string;
  verificationToken: string;
}

/** A request as it goes over the wire. */
export interface SealedEvent {
  headers: Record<string, string>;
  body: string;
}

/** How a sealed event differs from an authentic one. */
export interface SealOptions {
  nonce?: string;
  /** Another encrypt key than the app's for the content, the signature, or both. */
  encryptWith?: string;
  signWith?: string;
  /** In place of the right signature; null leaves all three headers away. */
  signature?: string | null;
  /** The content in the clear, as an app without encrypt key gets it. */
  plain?: boolean;
}

/**
 * An event or card callback in a fresh envelope.
 * @param timestamp seconds since 1970, for the signature
 * @see https://open.feishu.cn/document/ukTMukTMukTM/uYDNxYjL2QTM24iN0EjN/event-subscription-configure-/encrypt-key-encryption-configuration-case
 */
export function seal(
  event: JsonObject,
  app: SealingApp,
  timestamp: number,
  options: SealOptions = {},
): SealedEvent {
  const text = JSON.stringify(event);
  const body = options.plain === true ? text : encryptedBody(text, options.encryptWith ?? app.encryptKey);
  const headers: Record<string, string> = { 'content-type': 'application/json; charset=utf-8' };
  if (options.signature === null) return { headers, body };
  const nonce = options.nonce ?? randomBytes(8).toString('hex');
  const signature =
    options.signature ?? sign(String(timestamp), nonce, options.signWith ?? app.encryptKey, body);
  return {
    headers: {
      ...headers,
      'x-lark-request-timestamp': String(timestamp),
      'x-lark-request-nonce': nonce,
      'x-lark-signature': signature,
    },
    body,
  };
}

/** The handshake by which Lark checks a request URL: encrypted like an event, and never signed. */
export function sealChallenge(
  app: SealingApp,
  challenge: string,
  token = app.verificationToken,
): SealedEvent {
  return seal({ challenge, token, type: 'url_verification' }, app, 0, { signature: null });
}

/** The body that carries a text encrypted: AES-256-CBC under the key's SHA-256, the random IV before the text. */
export function encryptedBody(text: string, encryptKey: string): string {
  const iv = randomBytes(16);
  const key = createHash('sha256').update(encryptKey).digest();
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const encrypted = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final()]);
  return JSON.stringify({ encrypt: encrypted.toString('base64') });
}

/** A plain hash, not an HMAC: the key stands between the nonce and the bytes. */
export function sign(timestamp: string, nonce: string, encryptKey: string, body: string): string {
  return createHash('sha256').update(`${timestamp}${nonce}${encryptKey}${body}`).digest('hex');
}
