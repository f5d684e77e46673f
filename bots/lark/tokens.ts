/**
 * The bot's own tokens for the Open API, kept in memory and, for other processes and the next start, beside the
 * registration's secrets, until shortly before they expire.
 */
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { CredentialsUpdate, PlatformRegistration } from '../../src/kernel/platform.ts';
import type { Clock } from '../../src/kernel/ports.ts';
import { remember } from '../shared/remember.ts';
import { TokenCache, type TokenResult } from '../shared/token-cache.ts';
import { readCredentials, type StoredCredentials } from './credentials.ts';
import type { OpenApi } from './open-api.ts';
import { type Exchange, earlyMs, exchangeForToken, isFresh, tokenText } from './token-exchange.ts';

/** Tokens per registration: a registration only ever uses what its own credentials obtained. */
export class TenantTokens {
  readonly #api: OpenApi;
  readonly #clock: Clock;
  readonly #cache: TokenCache;
  readonly #refused = new Map<string, string>();

  constructor(api: OpenApi, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
    this.#cache = new TokenCache(clock);
  }

  /**
   * The registration's token, one request at a time for it.
   * @param apiUrl origin of the registration's Open API
   * @throws DeskbridgeError registration_misconfigured when the credentials cannot be opened, and what the store throws.
   */
  get(registration: PlatformRegistration, apiUrl: string): Promise<TokenResult> {
    return this.#cache.get(registration.registrationId, () => this.#obtain(registration, apiUrl));
  }

  /** Forgets what this process keeps, so that the next token shows what the credentials are worth now. */
  drop({ registrationId }: PlatformRegistration): void {
    this.#cache.forget(registrationId);
  }

  /** Remembers that the platform refused this token, so that it is used no more, wherever it is kept. */
  forget(registration: PlatformRegistration, refused: string): void {
    const { registrationId } = registration;
    this.#cache.forget(registrationId, refused);
    remember(this.#refused, registrationId, refused);
  }

  async #obtain(registration: PlatformRegistration, apiUrl: string): Promise<TokenResult> {
    const stored = this.#usable(registration, await registration.credentials());
    if (stored !== null) return { ok: true, token: stored, fromCache: true };
    const exchanges: Exchange[] = [];
    const renewed = await registration.updateCredentials(async (current) => {
      // Another process may have renewed it while this one waited for the lock.
      if (this.#usable(registration, current) !== null) return null;
      const credentials = readCredentials(current);
      const request = { api: this.#api, clock: this.#clock, registration, apiUrl, credentials };
      const exchange = await exchangeForToken(request);
      exchanges.push(exchange);
      return updateWith(current, exchange.kept);
    });
    const exchange = exchanges.at(-1);
    if (exchange === undefined) {
      const token = this.#usable(registration, renewed);
      if (token !== null) return { ok: true, token, fromCache: true };
      return { ok: false, outcome: { result: 'rejected', code: 'transient', retryable: true } };
    }
    if (!exchange.ok) return exchange;
    this.#keep(registration, exchange.token, exchange.kept.tenant_access_token_expires_at);
    return { ok: true, token: exchange.token, fromCache: false };
  }

  /** The stored token, where it is good for a while and was not refused. It is cached then. */
  #usable(registration: PlatformRegistration, credentials: JsonObject): string | null {
    const { tenant_access_token: token, tenant_access_token_expires_at: expiresAt } =
      readCredentials(credentials);
    if (token === undefined || this.#refused.get(registration.registrationId) === token) return null;
    if (!isFresh(expiresAt, this.#clock) || !tokenText.safeParse(token).success) return null;
    this.#keep(registration, token, expiresAt);
    return token;
  }

  #keep(registration: PlatformRegistration, token: string, expiresAt: string | undefined): void {
    this.#cache.keep(registration.registrationId, token, Date.parse(expiresAt ?? '') - earlyMs);
  }
}

function updateWith(current: JsonObject, kept: Partial<StoredCredentials>): CredentialsUpdate | null {
  if (Object.keys(kept).length === 0) return null;
  return { credentials: { ...current, ...kept }, renewAt: null };
}
