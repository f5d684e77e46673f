/** The bot's own tokens for the connector: client credentials, kept until shortly before they expire. */
import { z } from 'zod';
import type { PlatformRegistration, SendOutcome } from '../../src/kernel/platform.ts';
import type { Clock } from '../../src/kernel/ports.ts';
import type { HttpCaller } from '../shared/http-call.ts';
import { cloudOf } from './clouds.ts';
import { credentialsSchema } from './credentials.ts';
import { outcomeOfTokenFailure } from './errors.ts';

/** A token is replaced this long before it expires. */
const earlyMs = 5 * 60_000;
const maxTokens = 10_000;

const answerSchema = z.object({
  // It goes into a header: visible ASCII only.
  access_token: z
    .string()
    .max(16_384)
    .regex(/^[\x21-\x7e]+$/),
  expires_in: z.coerce.number().positive().max(86_400),
});

export type TokenResult =
  | { ok: true; token: string; fromCache: boolean }
  /** Nothing was posted; `outcome` says why and whether a later try may succeed. */
  | { ok: false; outcome: SendOutcome };

interface CachedToken {
  token: string;
  /** Epoch milliseconds. */
  until: number;
}

/** Tokens per registration: a registration only ever uses what its own credentials obtained. */
export class BotTokens {
  readonly #caller: HttpCaller;
  readonly #clock: Clock;
  readonly #loginUrl: string | null;
  readonly #cached = new Map<string, CachedToken>();
  readonly #running = new Map<string, Promise<TokenResult>>();

  /** @param loginUrl authority base to use instead of the cloud's own, without a slash at its end. */
  constructor(caller: HttpCaller, clock: Clock, loginUrl: string | null) {
    this.#caller = caller;
    this.#clock = clock;
    this.#loginUrl = loginUrl;
  }

  /**
   * The registration's token, one request at a time for it.
   * @throws DeskbridgeError registration_misconfigured when the credentials cannot be opened.
   */
  get(registration: PlatformRegistration): Promise<TokenResult> {
    const url = this.#tokenUrl(registration);
    const key = `${registration.registrationId}|${url}`;
    const cached = this.#cached.get(key);
    if (cached !== undefined && this.#clock.now().getTime() < cached.until) {
      return Promise.resolve({ ok: true, token: cached.token, fromCache: true });
    }
    let running = this.#running.get(key);
    if (running === undefined) {
      running = this.#fetch(registration, url, key).finally(() => this.#running.delete(key));
      this.#running.set(key, running);
    }
    return running;
  }

  /** Forgets a token that the connector refused, so that the next send asks for another. */
  forget(registration: PlatformRegistration): void {
    this.#cached.delete(`${registration.registrationId}|${this.#tokenUrl(registration)}`);
  }

  async #fetch(registration: PlatformRegistration, url: string, key: string): Promise<TokenResult> {
    const credentials = credentialsSchema.safeParse(await registration.credentials());
    if (!credentials.success) return { ok: false, outcome: misconfigured() };
    const askedAt = this.#clock.now().getTime();
    const result = await this.#caller.call({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: registration.appId,
        client_secret: credentials.data.client_secret,
        scope: cloudOf(registration.options).scope,
      }).toString(),
    });
    if (result.kind === 'failed' || result.status !== 200) {
      return { ok: false, outcome: outcomeOfTokenFailure(result, this.#clock.now()) };
    }
    const answer = readAnswer(result.body);
    if (answer === null)
      return { ok: false, outcome: { result: 'rejected', code: 'server_error', retryable: true } };
    this.#remember(key, { token: answer.access_token, until: askedAt + answer.expires_in * 1000 - earlyMs });
    return { ok: true, token: answer.access_token, fromCache: false };
  }

  #tokenUrl(registration: PlatformRegistration): string {
    const cloud = cloudOf(registration.options);
    const isMultiTenant = registration.options.app_type === 'multi_tenant';
    const authority = isMultiTenant ? cloud.multiTenantAuthority : registration.organization;
    return `${this.#loginUrl ?? cloud.loginUrl}/${encodeURIComponent(authority)}/oauth2/v2.0/token`;
  }

  #remember(key: string, token: CachedToken): void {
    this.#cached.delete(key);
    this.#cached.set(key, token);
    if (this.#cached.size <= maxTokens) return;
    const oldest = this.#cached.keys().next().value;
    if (oldest !== undefined) this.#cached.delete(oldest);
  }
}

/** The outcome for a registration that cannot be used as it stands. */
export function misconfigured(): SendOutcome {
  return { result: 'rejected', code: 'registration_misconfigured', retryable: false };
}

function readAnswer(body: string): z.infer<typeof answerSchema> | null {
  try {
    const answer = answerSchema.safeParse(JSON.parse(body));
    return answer.success ? answer.data : null;
  } catch {
    return null;
  }
}
