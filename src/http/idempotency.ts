/** Callers' idempotency keys (IETF draft Idempotency-Key): the first answer is given again to the same request. */
import { createHash } from 'node:crypto';
import type { Request } from 'express';
import type { Transaction } from '../infra/database.ts';
import { canonicalJson, type JsonObject, type JsonValue } from '../kernel/canonical-json.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import { claimKey, storeAnswer } from './idempotency-store.ts';
import type { ApiServices, Principal } from './route.ts';

/** An answer that can be given again. */
export interface KeptAnswer {
  status: number;
  body: JsonObject | null;
}

/** The key of a POST; null without one. @throws DeskbridgeError validation_error */
export function idempotencyKeyOf(request: Request): string | null {
  if (request.method !== 'POST') return null;
  const key = request.headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key === 'string' && /^[\x20-\x7e]{1,255}$/.test(key)) return key;
  throw new DeskbridgeError('validation_error', {
    fields: [{ path: 'Idempotency-Key', message: '1 to 255 ASCII characters' }],
  });
}

/** One use of a key: its owner keeps others from reading answers that are not theirs. */
export class IdempotentRequest {
  readonly #services: ApiServices;
  readonly #tx: Transaction;
  readonly #owner: string;
  readonly #key: string;
  #fingerprint = '';

  constructor(services: ApiServices, tx: Transaction, principal: Principal, key: string) {
    this.#services = services;
    this.#tx = tx;
    this.#owner = `${principal.kind}:${principal.id}`;
    this.#key = key;
  }

  /** What names the request for other records of it; known once the key is claimed. */
  get identity(): { key: string; fingerprint: string } {
    return { key: `${this.#owner}:${this.#key}`, fingerprint: this.#fingerprint };
  }

  /**
   * Claims the key, waiting for a rival that holds it. Null when the request is the first with it, else the stored
   * answer.
   * @throws DeskbridgeError idempotency_key_reused when the key came with another request
   */
  async claim(request: Request): Promise<KeptAnswer | null> {
    const fingerprint = fingerprintOf(request);
    this.#fingerprint = fingerprint;
    const stored = await claimKey(this.#tx, {
      principal: this.#owner,
      key: this.#key,
      fingerprint,
      now: this.#services.clock.now(),
    });
    if (stored === null) return null;
    if (stored.fingerprint !== fingerprint) throw new DeskbridgeError('idempotency_key_reused');
    if (stored.status === null || stored.response === null) throw new DeskbridgeError('duplicate_submission');
    const opened = this.#services.secrets.open(stored.response, this.#purpose());
    return { status: stored.status, body: JSON.parse(opened) as JsonObject | null };
  }

  /** Keeps the answer, sealed: it may hold a key that is shown once. Travels with the next statements. */
  keep(answer: KeptAnswer): void {
    const response = this.#services.secrets.seal(JSON.stringify(answer.body), this.#purpose());
    const { status } = answer;
    storeAnswer(this.#tx, { principal: this.#owner, key: this.#key, status, response });
  }

  #purpose(): string {
    return `idempotency:${this.#tx.tenantId}:${this.#owner}:${this.#key}`;
  }
}

function fingerprintOf(request: Request): string {
  const { method, path, query } = request;
  const payload = {
    method,
    path,
    query: { ...query } as JsonObject,
    body: (request.body ?? null) as JsonValue,
  };
  return createHash('sha256').update(canonicalJson(payload)).digest('hex');
}
