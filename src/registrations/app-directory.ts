/** Registrations as verification and sending see them: by app, by organization, by id, from a short-lived cache. */
import type { Database, Transaction } from '../infra/database.ts';
import { KeyedCache } from '../infra/keyed-cache.ts';
import type { SecretBox } from '../infra/secret-box.ts';
import { Semaphore } from '../infra/semaphore.ts';
import type { JsonObject } from '../kernel/canonical-json.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import { isUuid } from '../kernel/ids.ts';
import type { AppDirectory, CredentialsUpdate, PlatformRegistration } from '../kernel/platform.ts';
import type { Clock } from '../kernel/ports.ts';
import { credentialsPurpose } from './change-registration.ts';
import { lockCredentials, planRenewal, readCredentials, writeCredentials } from './credentials-store.ts';
import {
  type DirectoryRow,
  directoryOfApp,
  findDirectory,
  findDirectoryById,
  findTenantOfRegistration,
} from './directory-store.ts';
import { readRegistration } from './registration-store.ts';

/** How long another process may still see a registration as it was. */
const ttlMs = 5_000;
/** Opened secrets are kept longer: an app may have hundreds of customers, and each webhook may try all their secrets. */
const secretsTtlMs = 60_000;
/** Renewals hold a connection while they wait for the platform: a platform that hangs must not take them all. */
const maxUpdates = 3;

export class RegistrationDirectory implements AppDirectory {
  readonly #database: Database;
  readonly #secrets: SecretBox;
  readonly #clock: Clock;
  readonly #demoTenantId: string | null;
  readonly #byApp: KeyedCache<PlatformRegistration[]>;
  readonly #byOrganization: KeyedCache<PlatformRegistration | null>;
  readonly #byId: KeyedCache<PlatformRegistration | null>;
  readonly #opened: KeyedCache<JsonObject>;
  readonly #updates = new Semaphore(maxUpdates);

  /** @param options.demoTenantId registrations of this tenant speak to loopback only; null without demo mode */
  constructor(options: {
    database: Database;
    secrets: SecretBox;
    clock: Clock;
    demoTenantId: string | null;
  }) {
    const { clock } = options;
    this.#database = options.database;
    this.#secrets = options.secrets;
    this.#clock = clock;
    this.#demoTenantId = options.demoTenantId;
    this.#byApp = new KeyedCache({ ttlMs, maxEntries: 1_000, clock });
    this.#byOrganization = new KeyedCache({ ttlMs, maxEntries: 10_000, clock });
    this.#byId = new KeyedCache({ ttlMs, maxEntries: 10_000, clock });
    this.#opened = new KeyedCache({ ttlMs: secretsTtlMs, maxEntries: 10_000, clock });
  }

  async registrationsOfApp(platform: string, appId: string): Promise<PlatformRegistration[]> {
    const key = `${platform}\n${appId}`;
    const found = await this.#byApp.get(key, async () => {
      const rows = await directoryOfApp(this.#database.directory, platform, appId);
      return rows.map((row) => this.#present(row, 'active'));
    });
    // Anybody can name an app that does not exist: such names must not push out those that do.
    if (found.length === 0) this.#byApp.delete(key);
    return found;
  }

  async registration(platform: string, registrationId: string): Promise<PlatformRegistration | null> {
    if (!isUuid(registrationId)) return null;
    const key = `${platform}\n${registrationId}`;
    const found = await this.#byId.get(key, async () => {
      const tenantId = await findTenantOfRegistration(this.#database.directory, platform, registrationId);
      return tenantId === null
        ? null
        : await this.#database.inTenant(tenantId, (tx) => this.read(tx, registrationId));
    });
    if (found === null) this.#byId.delete(key);
    return found;
  }

  /** The registration that an organization is enrolled with; null when there is none. */
  async findByOrganization(key: {
    platform: string;
    appId: string;
    organization: string;
  }): Promise<PlatformRegistration | null> {
    return await this.#byOrganization.get(cacheKey(key), async () => {
      const row = await findDirectory(this.#database.directory, key);
      return row === null ? null : this.#present(row, 'active');
    });
  }

  /** A live registration of a tenant, for sending; null when it is retired or unknown. */
  async find(tenantId: string, registrationId: string): Promise<PlatformRegistration | null> {
    const row = await findDirectoryById(this.#database.directory, tenantId, registrationId);
    return row === null ? null : this.#present(row, 'active');
  }

  /** A registration of the transaction's tenant that is not retired; null otherwise. */
  async read(tx: Transaction, registrationId: string): Promise<PlatformRegistration | null> {
    const [row, live] = await Promise.all([
      readRegistration(tx, registrationId),
      findDirectoryById(tx, tx.tenantId, registrationId),
    ]);
    if (row === null || row.status === 'retired') return null;
    return this.#present({ ...row, tenant_id: tx.tenantId, vouched: live?.vouched ?? false }, row.status);
  }

  /** The credentials of a registration of the transaction's tenant. @throws DeskbridgeError registration_misconfigured */
  async credentialsOf(tx: Transaction, registrationId: string): Promise<JsonObject> {
    return this.#open(tx.tenantId, registrationId, await readCredentials(tx, registrationId));
  }

  /** Forgets what this process knows; called after a change of registrations. */
  clear(): void {
    this.#byApp.clear();
    this.#byOrganization.clear();
    this.#byId.clear();
    this.#opened.clear();
  }

  #present(row: DirectoryRow, status: PlatformRegistration['status']): PlatformRegistration {
    const { tenant_id: tenantId, registration_id: registrationId } = row;
    return {
      registrationId,
      tenantId,
      platform: row.platform,
      appId: row.app_id,
      organization: row.organization,
      options: row.options,
      demo: tenantId === this.#demoTenantId,
      status,
      vouched: row.vouched,
      credentials: () =>
        this.#opened.get(registrationId, () =>
          this.#database.inTenant(tenantId, (tx) => this.credentialsOf(tx, registrationId)),
        ),
      updateCredentials: (change) =>
        this.#updates.run(() => this.#updateCredentials(tenantId, registrationId, change)),
    };
  }

  async #updateCredentials(
    tenantId: string,
    registrationId: string,
    change: (current: JsonObject) => Promise<CredentialsUpdate | null>,
  ): Promise<JsonObject> {
    const work = async (tx: Transaction): Promise<JsonObject> => {
      const current = this.#open(tenantId, registrationId, await lockCredentials(tx, registrationId));
      const update = await change(current);
      if (update === null) return current;
      const purpose = credentialsPurpose(tenantId, registrationId);
      const sealed = this.#secrets.seal(JSON.stringify(update.credentials), purpose);
      writeCredentials(tx, registrationId, sealed, this.#clock.now());
      planRenewal(tx, registrationId, update.renewAt);
      return update.credentials;
    };
    try {
      // Once only: what was asked of the platform, such as a token that is given once, cannot be asked again.
      return await this.#database.inTenant(tenantId, work, { attempts: 1 });
    } finally {
      this.#opened.delete(registrationId);
    }
  }

  #open(tenantId: string, registrationId: string, sealed: string | null): JsonObject {
    if (sealed === null)
      throw new DeskbridgeError('registration_misconfigured', { detail: 'No credentials.' });
    return JSON.parse(this.#secrets.open(sealed, credentialsPurpose(tenantId, registrationId))) as JsonObject;
  }
}

function cacheKey(key: { platform: string; appId: string; organization: string }): string {
  return `${key.platform}\n${key.appId}\n${key.organization}`;
}
