/** The bot's own tokens for the connector or for Graph: client credentials, kept until shortly before they expire. */
import { z } from 'zod';
import type { PlatformRegistration } from '../../src/kernel/platform.ts';
import type { Clock } from '../../src/kernel/ports.ts';
import type { HttpCaller } from '../shared/http-call.ts';
import { parseJson } from '../shared/json.ts';
import { misconfigured } from '../shared/outcomes.ts';
import { TokenCache, type TokenResult } from '../shared/token-cache.ts';
import { type Cloud, cloudOf } from './clouds.ts';
import { credentialsSchema } from './credentials.ts';
import { outcomeOfTokenFailure } from './errors.ts';

/** A token is replaced this long before it expires. */
const earlyMs = 5 * 60_000;

const answerSchema = z.object({
  // It goes into a header: visible ASCII only.
  access_token: z
    .string()
    .max(16_384)
    .regex(/^[\x21-\x7e]+$/),
  expires_in: z.coerce.number().positive().max(86_400),
});

/** What a token is for. */
export type TokenResource = 'connector' | 'graph';

/** Tokens per registration: a registration only ever uses what its own credentials obtained. */
export class BotTokens {
  readonly #caller: HttpCaller;
  readonly #clock: Clock;
  readonly #loginUrl: string | null;
  readonly #resource: TokenResource;
  readonly #cache: TokenCache;

  /** @param loginUrl authority base to use instead of the cloud's own, without a slash at its end. */
  constructor(
    caller: HttpCaller,
    clock: Clock,
    loginUrl: string | null,
    resource: TokenResource = 'connector',
  ) {
    this.#caller = caller;
    this.#clock = clock;
    this.#cache = new TokenCache(clock);
    this.#loginUrl = loginUrl;
    this.#resource = resource;
  }

  /**
   * The registration's token, one request at a time for it.
   * @throws DeskbridgeError registration_misconfigured when the credentials cannot be opened.
   */
  get(registration: PlatformRegistration): Promise<TokenResult> {
    const url = this.#tokenUrl(registration);
    const key = `${registration.registrationId}|${url}`;
    return this.#cache.get(key, () => this.#fetch(registration, url, key));
  }

  /** Forgets a token that was refused, so that the next call asks for another. */
  forget(registration: PlatformRegistration): void {
    this.#cache.forget(`${registration.registrationId}|${this.#tokenUrl(registration)}`);
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
        scope: this.#scope(cloudOf(registration.options)),
      }).toString(),
    });
    if (result.kind === 'failed' || result.status !== 200) {
      return { ok: false, outcome: outcomeOfTokenFailure(result, this.#clock.now()) };
    }
    const answer = readAnswer(result.body);
    if (answer === null)
      return { ok: false, outcome: { result: 'rejected', code: 'server_error', retryable: true } };
    const until = askedAt + answer.expires_in * 1000 - earlyMs;
    this.#cache.keep(key, answer.access_token, until);
    return { ok: true, token: answer.access_token, fromCache: false };
  }

  #tokenUrl(registration: PlatformRegistration): string {
    const cloud = cloudOf(registration.options);
    // Bot Framework's own authority knows multi-tenant bots; Graph is asked about the organization, in its own.
    const isBotFrameworks =
      this.#resource === 'connector' && registration.options.app_type === 'multi_tenant';
    const authority = isBotFrameworks ? cloud.multiTenantAuthority : registration.organization;
    return `${this.#loginUrl ?? cloud.loginUrl}/${encodeURIComponent(authority)}/oauth2/v2.0/token`;
  }

  #scope(cloud: Cloud): string {
    return this.#resource === 'graph' ? cloud.graphScope : cloud.scope;
  }
}

function readAnswer(body: string): z.infer<typeof answerSchema> | null {
  const answer = answerSchema.safeParse(parseJson(body));
  return answer.success ? answer.data : null;
}
