/** The simulated platform's identity: signing keys, tokens for bots' endpoints, and tokens that bots ask for. */
import { createHash, generateKeyPair, type KeyObject, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { SignJWT } from 'jose';
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';

const tokenSeconds = 3600;
/** Channels that the signing keys are endorsed for. */
const channels = ['msteams', 'skypeteams'];

export interface SimulatedApp {
  appId: string;
  /** Null: the app's tokens are not asked for (a demo). */
  clientSecret: string | null;
}

/** How a signed token differs from an authentic one. */
export interface TokenOptions {
  /** Claims over or besides the authentic ones; undefined takes one away. */
  claims?: Record<string, unknown>;
  /** Members over those of the header. */
  header?: { kid?: string; alg?: string };
  /** `unendorsed`: published without endorsements. `foreign`: not published, under the current key's id. */
  key?: 'current' | 'unendorsed' | 'foreign';
  /** Seconds from now; negative for an expired token. */
  expiresIn?: number;
}

interface KeyPair {
  kid: string;
  privateKey: KeyObject;
  /** The public half as it is published. */
  jwk: JsonObject;
  endorsements: string[];
}

interface Issued {
  appId: string;
  /** Authority, which for Graph is the organization. */
  authority: string;
  audience: Audience;
  until: number;
}

/** Which interface a bot's own token is for. */
export type Audience = 'connector' | 'graph';

const scopes: readonly [RegExp, Audience][] = [
  [/^https:\/\/api\.botframework\.(com|us)\/\.default$/, 'connector'],
  [/^https:\/\/(graph\.microsoft\.(com|us)|dod-graph\.microsoft\.us)\/\.default$/, 'graph'],
];

/** Keys and tokens of one simulator. */
export class Identity {
  readonly #apps: Map<string, SimulatedApp>;
  readonly #issued = new Map<string, Issued>();
  readonly #signed = new Map<string, { token: Promise<string>; until: number }>();
  #current: KeyPair;
  // Made when first asked for: making a key takes a tenth of a second.
  #unendorsed: KeyPair | null = null;
  #foreign: KeyPair | null = null;
  readonly #retired: KeyPair[] = [];
  /** Application permissions that the organizations granted the apps in Graph, for the tokens to come. */
  graphRoles: string[] = [];
  /** What the latest request for a bot's own token asked for. */
  lastTokenRequest: { authority: string; scope: string | null } | null = null;

  static async create(apps: SimulatedApp[]): Promise<Identity> {
    return new Identity(apps, await createKey(channels));
  }

  private constructor(apps: SimulatedApp[], current: KeyPair) {
    this.#apps = new Map(apps.map((app) => [app.appId.toLowerCase(), app]));
    this.#current = current;
  }

  /** The published key set. */
  keySet(): JsonObject {
    const keys = [this.#current, ...this.#retired, ...(this.#unendorsed === null ? [] : [this.#unendorsed])];
    return { keys: keys.map(({ jwk, endorsements }) => ({ ...jwk, endorsements })) };
  }

  /** Signs with a new key from now on; `keepOld` leaves the old one published. */
  async rotate(keepOld = true): Promise<void> {
    if (keepOld) this.#retired.push(this.#current);
    this.#current = await createKey(channels);
    this.#signed.clear();
  }

  /** A token as the connector sends it with activities; `options` make it wrong on purpose. */
  async signToken(appId: string, serviceUrl: string, options: TokenOptions = {}): Promise<string> {
    const pair = await this.#pairOf(options.key ?? 'current');
    const now = Math.floor(Date.now() / 1000);
    const claims: Record<string, unknown> = {
      aud: appId,
      iss: 'https://api.botframework.com',
      nbf: now - 10,
      exp: now + (options.expiresIn ?? tokenSeconds),
      serviceurl: serviceUrl,
      ...options.claims,
    };
    for (const [name, value] of Object.entries(claims)) if (value === undefined) delete claims[name];
    const kid = options.key === 'foreign' ? this.#current.kid : pair.kid;
    const header = { alg: 'RS256', typ: 'JWT', kid, ...options.header };
    return new SignJWT(claims).setProtectedHeader(header).sign(pair.privateKey);
  }

  /** An authentic token, reused for an hour as the connector does; signed once, however many ask at once. */
  tokenFor(appId: string, serviceUrl: string): Promise<string> {
    const key = `${appId}|${serviceUrl}`;
    const known = this.#signed.get(key);
    if (known !== undefined && Date.now() < known.until) return known.token;
    const token = this.signToken(appId, serviceUrl);
    this.#signed.set(key, { token, until: Date.now() + (tokenSeconds - 300) * 1000 });
    return token;
  }

  /** The token endpoint's answer to a form-encoded request to an authority. */
  issue(authority: string, form: URLSearchParams): { status: number; body: JsonObject } {
    this.lastTokenRequest = { authority, scope: form.get('scope') };
    const app = this.#apps.get((form.get('client_id') ?? '').toLowerCase());
    if (form.get('grant_type') !== 'client_credentials') return tokenError('unsupported_grant_type');
    if (app === undefined) return tokenError('unauthorized_client');
    if (app.clientSecret === null || app.clientSecret !== form.get('client_secret')) {
      return tokenError('invalid_client', 401);
    }
    const scope = form.get('scope') ?? '';
    const [, audience] = scopes.find(([pattern]) => pattern.test(scope)) ?? [];
    if (audience === undefined) return tokenError('invalid_scope');
    const token = audience === 'graph' ? this.#graphToken(app.appId, authority) : opaque();
    this.#issued.set(token, {
      appId: app.appId,
      authority,
      audience,
      until: Date.now() + tokenSeconds * 1000,
    });
    return { status: 200, body: { token_type: 'Bearer', expires_in: tokenSeconds, access_token: token } };
  }

  /** The app and authority that a bot's own token belongs to; null when it is for something else, or too old. */
  callerOf(token: string, audience: Audience): { appId: string; authority: string } | null {
    const issued = this.#issued.get(token);
    return issued?.audience === audience && Date.now() < issued.until ? issued : null;
  }

  /** Makes every token that bots hold invalid. */
  revokeTokens(): void {
    this.#issued.clear();
  }

  /** In the form that Graph's tokens have; it is known by its whole text, so that its signature need not be one. */
  #graphToken(appId: string, organization: string): string {
    const part = (value: JsonObject) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = { aud: 'https://graph.microsoft.com', appid: appId, tid: organization };
    return `${part({ typ: 'JWT', alg: 'RS256' })}.${part({ ...claims, roles: this.graphRoles })}.${opaque()}`;
  }

  async #pairOf(key: 'current' | 'unendorsed' | 'foreign'): Promise<KeyPair> {
    switch (key) {
      case 'current':
        return this.#current;
      case 'unendorsed':
        this.#unendorsed ??= await createKey([]);
        return this.#unendorsed;
      case 'foreign':
        this.#foreign ??= await createKey(channels);
        return this.#foreign;
    }
  }
}

function opaque(): string {
  return createHash('sha256').update(randomUUID()).digest('base64url');
}

async function createKey(endorsements: string[]): Promise<KeyPair> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const kid = randomUUID().replaceAll('-', '').slice(0, 27);
  const { kty, n, e } = publicKey.export({ format: 'jwk' });
  return { kid, privateKey, jwk: { kty, n, e, kid, x5t: kid, use: 'sig' }, endorsements };
}

function tokenError(error: string, status = 400): { status: number; body: JsonObject } {
  return { status, body: { error, error_description: `AADSTS: ${error}` } };
}
