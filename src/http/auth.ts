/** Who calls the admin API: the operator's token or a tenant's key, by constant-time comparison or by hash. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Database } from '../infra/database.ts';
import { KeyedCache } from '../infra/keyed-cache.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import type { Clock } from '../kernel/ports.ts';
import { apiKeyPrefix, hashApiKey } from '../tenants/api-keys.ts';
import { capabilities, capabilitiesOf } from '../tenants/capabilities.ts';
import { findKey, readKey } from '../tenants/key-store.ts';
import type { Principal } from './route.ts';

const operator: Principal = {
  kind: 'operator',
  id: 'operator',
  tenantId: null,
  role: 'admin',
  capabilities: new Set(capabilities),
};

/** How long a revoked key may still work in another process. */
const ttlMs = 2_000;

export class Authenticator {
  readonly #database: Database;
  readonly #adminTokenHash: Buffer;
  readonly #cache: KeyedCache<Principal | null>;

  constructor(options: { database: Database; adminToken: string; clock: Clock }) {
    this.#database = options.database;
    this.#adminTokenHash = sha256(options.adminToken);
    this.#cache = new KeyedCache({ ttlMs, maxEntries: 10_000, clock: options.clock });
  }

  /** @throws DeskbridgeError unauthorized */
  async principalOf(headers: IncomingHttpHeaders): Promise<Principal> {
    const token = bearerOf(headers.authorization);
    if (token === null) throw new DeskbridgeError('unauthorized');
    if (timingSafeEqual(sha256(token), this.#adminTokenHash)) return operator;
    const principal = token.startsWith(apiKeyPrefix) ? await this.#keyPrincipal(hashApiKey(token)) : null;
    if (principal === null) throw new DeskbridgeError('unauthorized');
    return principal;
  }

  /** Forgets what this process knows; called after a key is revoked. */
  clear(): void {
    this.#cache.clear();
  }

  async #keyPrincipal(keyHash: string): Promise<Principal | null> {
    return await this.#cache.get(keyHash, async () => {
      const found = await findKey(this.#database.directory, keyHash);
      if (found === null) return null;
      const key = await this.#database.inTenant(found.tenantId, (tx) => readKey(tx, found.keyId));
      if (key === null || key.revoked_at !== null) return null;
      return {
        kind: 'key',
        id: key.key_id,
        tenantId: found.tenantId,
        role: key.role,
        capabilities: capabilitiesOf([key.role]),
      };
    });
  }
}

function bearerOf(header: string | undefined): string | null {
  const match = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(header ?? '');
  return match?.[1] ?? null;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
