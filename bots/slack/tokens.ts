/** The bot's token, and its renewal where the app rotates tokens: once, under the row lock of the registration. */
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import { DeskbridgeError } from '../../src/kernel/errors.ts';
import type { CredentialsUpdate, PlatformRegistration, SendOutcome } from '../../src/kernel/platform.ts';
import type { Clock } from '../../src/kernel/ports.ts';
import type { HttpCaller } from '../shared/http-call.ts';
import { misconfigured } from '../shared/outcomes.ts';
import { remember } from '../shared/remember.ts';
import { readCredentials, type StoredCredentials } from './credentials.ts';
import { outcomeOfTokenFailure } from './errors.ts';
import { type Grant, requestGrant } from './web-api.ts';

/** A token is renewed this long before it ends; Slack's own SDK begins at the same time. */
export const renewEarlyMs = 2 * 3_600_000;
/** A send renews a token that ends sooner; until then it leaves that to the sweep, which nobody waits for. */
const endingMs = 5 * 60_000;
/** After a refusal, sends of this process ask for no other token this long: they would queue for the row lock. */
const refusedMs = 60_000;

export type TokenResult =
  /** Null: a demo registration without a token. */
  | { ok: true; token: string | null }
  /** Nothing was posted; `outcome` says why and whether a later try may succeed. */
  | { ok: false; outcome: SendOutcome };

/** The renewal that failed, thrown through the row lock so that the credentials stay as they are. */
class RenewalFailure extends Error {
  readonly outcome: SendOutcome;

  constructor(outcome: SendOutcome) {
    super('the token was not renewed');
    this.outcome = outcome;
  }
}

/**
 * Reads and renews tokens. A refresh token is good for one exchange: it and the access token that it replaces are
 * revoked (https://docs.slack.dev/authentication/using-token-rotation). Two exchanges at once may even both succeed,
 * with one of the two results void and no way to tell which (https://github.com/slackapi/node-slack-sdk/issues/2504).
 * Hence every renewal holds the registration's row lock, and looks there first whether another process was faster.
 *
 * After a renewal whose answer got lost the old refresh token is kept and tried again: it is all there is.
 */
export class BotTokens {
  readonly #caller: HttpCaller;
  readonly #clock: Clock;
  readonly #running = new Map<string, Promise<TokenResult>>();
  readonly #refusals = new Map<string, { token: string; until: number; outcome: SendOutcome }>();

  constructor(caller: HttpCaller, clock: Clock) {
    this.#caller = caller;
    this.#clock = clock;
  }

  /**
   * The registration's token, renewed when it is about to end.
   * @throws DeskbridgeError registration_misconfigured when the credentials cannot be opened.
   */
  async get(registration: PlatformRegistration, base: string): Promise<TokenResult> {
    const credentials = readCredentials(await registration.credentials());
    const { bot_token: token } = credentials;
    if (token === undefined) {
      return registration.demo ? { ok: true, token: null } : { ok: false, outcome: misconfigured() };
    }
    if (!this.#endsWithin(credentials, endingMs)) return { ok: true, token };
    const renewed = await this.#other(registration, base, token, (current) =>
      this.#endsWithin(current, endingMs),
    );
    // A token that could not be renewed is still good until it ends.
    return renewed.ok || this.#endsWithin(credentials, 0) ? renewed : { ok: true, token };
  }

  /**
   * Another token after Slack refused this one: the one that another process has put there by then, else a renewed one.
   * There is none for tokens that do not rotate.
   */
  async replace(registration: PlatformRegistration, base: string, refused: string): Promise<TokenResult> {
    const other = await this.#other(registration, base, refused, (current) => current.bot_token === refused);
    if (!other.ok || other.token !== refused) return other;
    // It shared a renewal that found nothing to do; the next try will not.
    return { ok: false, outcome: { result: 'rejected', code: 'unauthorized', retryable: true } };
  }

  /**
   * Renews a token that ends within two hours, ahead of time.
   * @throws Error when it was not renewed, without a secret in it
   */
  async renew(registration: PlatformRegistration, base: string): Promise<void> {
    const result = await this.#renewOnce(registration, base, (current) =>
      this.#endsWithin(current, renewEarlyMs),
    );
    if (result.ok) return;
    const code = result.outcome.result === 'sent' ? 'unknown' : result.outcome.code;
    throw new Error(`the Slack token was not renewed: ${code}`);
  }

  /** A token in place of this one, unless its renewal was refused a moment ago. */
  async #other(
    registration: PlatformRegistration,
    base: string,
    token: string,
    isDue: (credentials: StoredCredentials) => boolean,
  ): Promise<TokenResult> {
    const { registrationId } = registration;
    const known = this.#refusals.get(registrationId);
    if (known?.token === token && this.#clock.now().getTime() < known.until) {
      return { ok: false, outcome: known.outcome };
    }
    const result = await this.#renewOnce(registration, base, isDue);
    const isFinal = !result.ok && result.outcome.result === 'rejected' && !result.outcome.retryable;
    if (isFinal) this.#remember(registrationId, token, result.outcome);
    return result;
  }

  /** One renewal of a registration at a time in this process; those that come meanwhile share its result. */
  #renewOnce(
    registration: PlatformRegistration,
    base: string,
    isDue: (credentials: StoredCredentials) => boolean,
  ): Promise<TokenResult> {
    const { registrationId } = registration;
    let running = this.#running.get(registrationId);
    if (running === undefined) {
      running = this.#renew(registration, base, isDue).finally(() => this.#running.delete(registrationId));
      this.#running.set(registrationId, running);
    }
    return running;
  }

  async #renew(
    registration: PlatformRegistration,
    base: string,
    isDue: (credentials: StoredCredentials) => boolean,
  ): Promise<TokenResult> {
    try {
      const credentials = await registration.updateCredentials(async (stored) => {
        const current = readCredentials(stored);
        return isDue(current) ? this.#exchange(current, stored, base) : null;
      });
      const token = readCredentials(credentials).bot_token;
      return token === undefined ? { ok: false, outcome: misconfigured() } : { ok: true, token };
    } catch (error) {
      if (error instanceof RenewalFailure) return { ok: false, outcome: error.outcome };
      const isBroken = error instanceof DeskbridgeError && error.code === 'registration_misconfigured';
      if (isBroken) return { ok: false, outcome: misconfigured() };
      throw error;
    }
  }

  async #exchange(current: StoredCredentials, stored: JsonObject, base: string): Promise<CredentialsUpdate> {
    const { client_id: clientId, client_secret: clientSecret, refresh_token: refreshToken } = current;
    if (clientId === undefined || clientSecret === undefined || refreshToken === undefined) {
      throw new RenewalFailure({ result: 'rejected', code: 'unauthorized', retryable: false });
    }
    const askedAt = this.#clock.now();
    const fields = { grant_type: 'refresh_token', refresh_token: refreshToken };
    const { grant, result } = await requestGrant(this.#caller, base, { clientId, clientSecret }, fields);
    if (grant === null) throw new RenewalFailure(outcomeOfTokenFailure(result, this.#clock.now()));
    return updateOf(stored, grant, askedAt);
  }

  #endsWithin({ bot_token_expires_at: at }: StoredCredentials, ms: number): boolean {
    return at !== undefined && Date.parse(at) - ms <= this.#clock.now().getTime();
  }

  #remember(registrationId: string, token: string, outcome: SendOutcome): void {
    const until = this.#clock.now().getTime() + refusedMs;
    remember(this.#refusals, registrationId, { token, outcome, until });
  }
}

/** The credentials with what the exchange brought; what it did not bring belongs to the tokens before, and goes. */
export function updateOf(stored: JsonObject, grant: Grant, askedAt: Date): CredentialsUpdate {
  const { refresh_token, bot_token_expires_at, ...rest } = stored;
  const ends = grant.expires_in === undefined ? null : askedAt.getTime() + grant.expires_in * 1000;
  return {
    credentials: {
      ...rest,
      bot_token: grant.access_token,
      ...(grant.bot_user_id === undefined ? {} : { bot_user_id: grant.bot_user_id }),
      ...(grant.refresh_token === undefined ? {} : { refresh_token: grant.refresh_token }),
      ...(ends === null ? {} : { bot_token_expires_at: new Date(ends).toISOString() }),
    },
    renewAt: ends === null || grant.refresh_token === undefined ? null : new Date(ends - renewEarlyMs),
  };
}
