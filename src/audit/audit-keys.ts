/** The per-tenant keys of the audit: made with the tenant, sealed at rest, opened once a process. */
import { randomBytes } from 'node:crypto';
import type { Transaction } from '../infra/database.ts';
import type { SecretBox } from '../infra/secret-box.ts';
import { newId } from '../kernel/ids.ts';
import { genesisHash, headSeal } from './audit-chain.ts';
import { insertHead, insertKey, readKeys } from './audit-store.ts';

export interface AuditKey {
  keyId: string;
  key: Buffer;
}

/** Opened keys are kept: a key never changes, and a tenant's rows name the key that sealed them. */
const maxCachedTenants = 10_000;

export class AuditKeys {
  readonly #secrets: SecretBox;
  readonly #cache = new Map<string, AuditKey[]>();

  constructor(secrets: SecretBox) {
    this.#secrets = secrets;
  }

  /** Starts the audit of a new tenant: its first key and the head of its chain. */
  begin(tx: Transaction, now: Date): void {
    const keyId = newId();
    const key = randomBytes(32);
    const sealed = this.#secrets.seal(key.toString('base64'), purpose(tx.tenantId, keyId));
    insertKey(tx, { keyId, sealed, createdAt: now });
    const head = { seq: 0, rowHash: genesisHash };
    insertHead(tx, { rowHash: genesisHash, seal: headSeal(key, tx.tenantId, head) });
  }

  /** The key that seals new rows. */
  async current(tx: Transaction): Promise<AuditKey> {
    const [key] = await this.all(tx);
    if (key === undefined) throw new Error('the tenant has no audit key');
    return key;
  }

  /** Every key of the tenant, the newest first. */
  async all(tx: Transaction): Promise<AuditKey[]> {
    const cached = this.#cache.get(tx.tenantId);
    if (cached !== undefined) return cached;
    const keys = (await readKeys(tx)).map((row) => ({
      keyId: row.key_id,
      key: Buffer.from(this.#secrets.open(row.sealed, purpose(tx.tenantId, row.key_id)), 'base64'),
    }));
    if (this.#cache.size >= maxCachedTenants) this.#cache.clear();
    if (keys.length > 0) this.#cache.set(tx.tenantId, keys);
    return keys;
  }
}

function purpose(tenantId: string, keyId: string): string {
  return `audit:${tenantId}:${keyId}`;
}
