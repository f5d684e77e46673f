/** The connector's signing keys: fetched from the OpenID document, cached, refreshed without letting callers force it. */
import { importJWK } from 'jose';
import { z } from 'zod';
import { DeskbridgeError } from '../../src/kernel/errors.ts';
import type { Clock, Log } from '../../src/kernel/ports.ts';
import { isLoopbackHost } from '../shared/loopback.ts';

/** Algorithms that the connector may sign with. */
export const signingAlgorithms = ['RS256', 'RS384', 'RS512'] as const;
export type SigningAlgorithm = (typeof signingAlgorithms)[number];

const hourMs = 3_600_000;
/** After this a refresh starts in the background; the old keys serve meanwhile. */
const freshMs = 24 * hourMs;
/** After this the old keys serve no longer, so that a withdrawn key dies even when every refresh fails. */
const staleMs = 48 * hourMs;
/** Between two fetches that an unknown key id, or a failed background refresh, may cause. */
const refreshMs = hourMs;
/** Between two fetches while there are no keys at all. */
const emptyRetryMs = 5000;
const fetchTimeoutMs = 5000;
const maxDocumentBytes = 1_000_000;

const metadataSchema = z.object({ jwks_uri: z.string().max(2000) });
const keySchema = z.object({
  kty: z.literal('RSA'),
  kid: z.string().min(1).max(200),
  n: z.string(),
  e: z.string(),
  endorsements: z.array(z.string()).default([]),
});
const keySetSchema = z.object({ keys: z.array(z.unknown()) });

type PublicKey = Awaited<ReturnType<typeof importJWK>>;

/** One signing key, imported once per algorithm, since a key object is bound to one. */
export class SigningKey {
  /** Channels whose activities this key may sign. */
  readonly endorsements: ReadonlySet<string>;
  readonly #parts: { kty: 'RSA'; n: string; e: string };
  readonly #imported = new Map<SigningAlgorithm, Promise<PublicKey>>();

  constructor(entry: z.infer<typeof keySchema>) {
    this.endorsements = new Set(entry.endorsements);
    this.#parts = { kty: 'RSA', n: entry.n, e: entry.e };
  }

  /** The key for one algorithm. Rejects when the key's numbers make no key. */
  forAlgorithm(algorithm: SigningAlgorithm): Promise<PublicKey> {
    let key = this.#imported.get(algorithm);
    if (key === undefined) {
      key = Promise.resolve(importJWK(this.#parts, algorithm));
      this.#imported.set(algorithm, key);
    }
    return key;
  }
}

/** The keys of one OpenID document. */
export class SigningKeys {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #keys: ReadonlyMap<string, SigningKey> = new Map();
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | null = null;

  constructor(url: string, clock: Clock, log: Log) {
    this.#url = url;
    this.#clock = clock;
    this.#log = log;
  }

  /** Whether this key is still one of the document's; what was proved with another no longer counts. */
  holds(keyId: string, key: SigningKey): boolean {
    return this.#keys.get(keyId) === key && this.#age() < staleMs;
  }

  /**
   * The key of this id, or null when the document has none.
   * @throws DeskbridgeError unavailable when the document cannot be read and no usable keys are at hand.
   */
  async find(keyId: string): Promise<SigningKey | null> {
    if (this.#age() >= staleMs) {
      await this.#refresh(emptyRetryMs);
      if (this.#age() >= staleMs) throw unavailable();
    } else if (this.#age() >= freshMs) {
      this.#refresh(refreshMs).catch(() => undefined);
    }
    const known = this.#keys.get(keyId);
    if (known !== undefined) return known;
    await this.#refresh(refreshMs);
    return this.#keys.get(keyId) ?? null;
  }

  #age(): number {
    return this.#clock.now().getTime() - this.#fetchedAt;
  }

  /** One fetch at a time, and none sooner than `intervalMs` after the last try. */
  #refresh(intervalMs: number): Promise<void> {
    if (this.#running !== null) return this.#running;
    const now = this.#clock.now().getTime();
    if (now - this.#triedAt < intervalMs) return Promise.resolve();
    this.#triedAt = now;
    this.#running = this.#fetch(now).finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #fetch(now: number): Promise<void> {
    try {
      const metadata = metadataSchema.parse(await fetchJson(this.#url));
      const keySet = keySetSchema.parse(await fetchJson(keySetUrl(metadata.jwks_uri, this.#url)));
      this.#keys = readKeys(keySet.keys);
      this.#fetchedAt = now;
    } catch (error) {
      this.#log.warn({ reason: error instanceof Error ? error.name : 'unknown' }, 'signing keys not read');
      throw unavailable(error);
    }
  }
}

/** The usable keys. All are new objects, so that everything proved before the refresh is proved anew. */
function readKeys(entries: unknown[]): Map<string, SigningKey> {
  const keys = new Map<string, SigningKey>();
  for (const raw of entries) {
    const entry = keySchema.safeParse(raw);
    if (entry.success) keys.set(entry.data.kid, new SigningKey(entry.data));
  }
  if (keys.size === 0) throw new Error('the document lists no usable key');
  return keys;
}

/** The key set's address. Https, or a loopback document's own loopback http: else anyone on the path could swap keys. */
function keySetUrl(text: string, documentUrl: string): string {
  const url = new URL(text);
  const local = isLoopbackHost(new URL(documentUrl).hostname) && isLoopbackHost(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && local)) {
    throw new Error('the key set has no https address');
  }
  return url.href;
}

async function fetchJson(url: string): Promise<unknown> {
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(fetchTimeoutMs) });
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new Error(`answered with ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    if (size > maxDocumentBytes) throw new Error('the document is too large');
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

function unavailable(cause?: unknown): DeskbridgeError {
  return new DeskbridgeError('unavailable', { detail: 'the signing keys cannot be read', cause });
}
