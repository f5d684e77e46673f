/** The product with a platform that signs its requests, and what tests of authenticity do to both over HTTP. */
import { expect } from 'vitest';
import type { JsonObject, JsonValue } from '../../src/kernel/canonical-json.ts';
import { adminToken, ChatWorld } from './chat-world.ts';
import type { Dialect, Sender, Signed } from './signing.ts';

export interface Answer {
  status: number;
  body: string;
}

/** A registration that a test made, and who is allowed to speak for it. */
export interface Enrolled extends Sender {
  registrationId: string;
}

type TenantKey = 'acme' | 'globex';

let numbers = 0;
/** Never the same twice in a test file. */
export const nextNumber = () => (numbers += 1);
export const nextId = () => `proof${nextNumber()}`;

/** The product with a platform beside it, and what the tests do to it. */
export class ProofBench {
  readonly dialect: Dialect;
  readonly world: ChatWorld;
  /** Keys of the tenants' own administrators. */
  #keys = new Map<string, string>();

  static async start(dialect: Dialect): Promise<ProofBench> {
    return new ProofBench(dialect, await ChatWorld.start(dialect.platform));
  }

  private constructor(dialect: Dialect, world: ChatWorld) {
    this.dialect = dialect;
    this.world = world;
  }

  /** What an installation of the world is sent by. */
  sender(of: TenantKey): Enrolled {
    const { installation: key, registrationId } = this.world[of];
    const installation = this.world.harness.installations.find((one) => one.key === key);
    if (installation === undefined) throw new Error('no such installation');
    const { appId, organization } = installation;
    return { appId, organization, secret: this.dialect.secretOf(installation), registrationId };
  }

  async post(path: string, { headers, body }: Signed): Promise<Answer> {
    const response = await fetch(`${this.world.running.url}${path}`, { method: 'POST', headers, body });
    return { status: response.status, body: await response.text() };
  }

  message(sender: Sender, text = 'help', id = nextId()): JsonObject {
    return this.dialect.message(sender, id, text, this.world.chat.people[0]?.platformUserId ?? '');
  }

  /** Sends a message for one registration's organization, signed with any secret, to any registration's address. */
  async speak(sender: Sender, options: { at: { registrationId: string }; secret?: string }): Promise<number> {
    const secret = options.secret ?? sender.secret;
    const signed = this.dialect.sign(this.message({ ...sender, secret }), secret);
    return (await this.post(this.dialect.path(options.at.registrationId), signed)).status;
  }

  /** Calls the API of a tenant as the operator, or as the tenant's own administrator. */
  async call(
    tenant: TenantKey,
    who: 'operator' | 'admin',
    [method, path]: [method: string, path: string],
    body?: JsonValue,
  ): Promise<{ status: number; body: JsonObject }> {
    const key = who === 'operator' ? adminToken : await this.#adminKey(tenant);
    const response = await fetch(`${this.world.running.url}/v1/tenants/${tenant}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
  }

  /** Enrols an organization: by an operator at once, by the tenant's administrator as a request. */
  async enrol(tenant: TenantKey, who: 'operator' | 'admin', sender: Sender): Promise<Enrolled> {
    const { appId, organization, secret } = sender;
    const { status, body } = await this.call(tenant, who, ['POST', '/registrations'], {
      ...this.dialect.options,
      platform: this.dialect.platform,
      name: organization,
      app_id: appId,
      organization,
      credentials: this.dialect.credentials(secret),
    });
    expect(status).toBe(201);
    expect(body.status).toBe(who === 'operator' ? 'active' : 'pending');
    return { ...sender, registrationId: String(body.registration_id) };
  }

  /** One more organization of an app, with a secret of its own. */
  newcomer(appId = this.dialect.appId(nextNumber())): Sender {
    return { appId, organization: this.dialect.organization(nextNumber()), secret: `secret-${nextNumber()}` };
  }

  async statusOf(tenant: TenantKey, { registrationId }: Enrolled): Promise<JsonValue | undefined> {
    return (await this.call(tenant, 'operator', ['GET', `/registrations/${registrationId}`])).body.status;
  }

  async rejected(reason: string): Promise<number> {
    const { values } = await this.world.running.services.metrics.webhookRejected.get();
    const { platform } = this.dialect;
    return values.find(({ labels }) => labels.platform === platform && labels.reason === reason)?.value ?? 0;
  }

  /** Rows of what an inbound request could write. */
  async written(): Promise<unknown> {
    const { maintenance } = this.world.running.services.database;
    return await maintenance.query(
      `select (select count(*) from receipts) as receipts, (select count(*) from conversations) as conversations,
              (select count(*) from audit_events) as audit, (select count(*) from tickets) as tickets,
              (select count(*) from registration_events) as registrations`,
    );
  }

  /** Expects a refusal that says nothing, is counted, and leaves nothing. */
  async expectRefused(status: 401 | 403, reason: string, send: () => Promise<Answer>): Promise<void> {
    const [rows, count] = [await this.written(), await this.rejected(reason)];
    expect(await send()).toEqual({ status, body: '' });
    expect(await this.rejected(reason)).toBe(count + 1);
    expect(await this.written()).toEqual(rows);
  }

  async #adminKey(tenant: TenantKey): Promise<string> {
    const known = this.#keys.get(tenant);
    if (known !== undefined) return known;
    const made = await this.call(tenant, 'operator', ['POST', '/keys'], { name: 'admin', role: 'admin' });
    const key = String(made.body.key);
    this.#keys.set(tenant, key);
    return key;
  }
}
