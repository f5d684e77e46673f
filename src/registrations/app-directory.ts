/** Live registrations as verification and sending see them: by app, by organization, from a short-lived cache. */
import type { Database } from '../infra/database.ts';
import { KeyedCache } from '../infra/keyed-cache.ts';
import type { SecretBox } from '../infra/secret-box.ts';
import type { JsonObject } from '../kernel/canonical-json.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import type { AppDirectory, PlatformRegistration } from '../kernel/platform.ts';
import type { Clock } from '../kernel/ports.ts';
import { credentialsPurpose } from './change-registration.ts';
import {
  type DirectoryRow,
  directoryOfApp,
  findDirectory,
  findDirectoryById,
  readCredentials,
} from './registration-store.ts';

/** How long another process may still see a registration as it was. */
const ttlMs = 5_000;

export class RegistrationDirectory implements AppDirectory {
  readonly #database: Database;
  readonly #secrets: SecretBox;
  readonly #demoTenantId: string | null;
  readonly #byApp: KeyedCache<PlatformRegistration[]>;
  readonly #byOrganization: KeyedCache<PlatformRegistration | null>;

  /** @param options.demoTenantId registrations of this tenant speak to loopback only; null without demo mode */
  constructor(options: {
    database: Database;
    secrets: SecretBox;
    clock: Clock;
    demoTenantId: string | null;
  }) {
    this.#database = options.database;
    this.#secrets = options.secrets;
    this.#demoTenantId = options.demoTenantId;
    this.#byApp = new KeyedCache({ ttlMs, maxEntries: 1_000, clock: options.clock });
    this.#byOrganization = new KeyedCache({ ttlMs, maxEntries: 10_000, clock: options.clock });
  }

  async registrationsOfApp(platform: string, appId: string): Promise<PlatformRegistration[]> {
    return await this.#byApp.get(`${platform}\n${appId}`, async () => {
      const rows = await directoryOfApp(this.#database.directory, platform, appId);
      return rows.map((row) => this.#present(row));
    });
  }

  /** The registration that an organization is enrolled with; null when there is none. */
  async findByOrganization(key: {
    platform: string;
    appId: string;
    organization: string;
  }): Promise<PlatformRegistration | null> {
    return await this.#byOrganization.get(cacheKey(key), async () => {
      const row = await findDirectory(this.#database.directory, key);
      return row === null ? null : this.#present(row);
    });
  }

  /** A live registration of a tenant, for sending; null when it is retired or unknown. */
  async find(tenantId: string, registrationId: string): Promise<PlatformRegistration | null> {
    const row = await findDirectoryById(this.#database.directory, tenantId, registrationId);
    return row === null ? null : this.#present(row);
  }

  /** Forgets what this process knows; called after a change of registrations. */
  clear(): void {
    this.#byApp.clear();
    this.#byOrganization.clear();
  }

  #present(row: DirectoryRow): PlatformRegistration {
    return {
      registrationId: row.registration_id,
      tenantId: row.tenant_id,
      platform: row.platform,
      appId: row.app_id,
      organization: row.organization,
      options: row.options,
      demo: row.tenant_id === this.#demoTenantId,
      credentials: () => this.#openCredentials(row.tenant_id, row.registration_id),
    };
  }

  async #openCredentials(tenantId: string, registrationId: string): Promise<JsonObject> {
    const sealed = await this.#database.inTenant(tenantId, (tx) => readCredentials(tx, registrationId));
    if (sealed === null)
      throw new DeskbridgeError('registration_misconfigured', { detail: 'No credentials.' });
    return JSON.parse(this.#secrets.open(sealed, credentialsPurpose(tenantId, registrationId))) as JsonObject;
  }
}

function cacheKey(key: { platform: string; appId: string; organization: string }): string {
  return `${key.platform}\n${key.appId}\n${key.organization}`;
}
