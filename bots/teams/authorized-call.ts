/** One request with the bot's own token, all of it within one time limit. */
import { DeskbridgeError } from '../../src/kernel/errors.ts';
import type { PlatformRegistration, SendOutcome } from '../../src/kernel/platform.ts';
import type { Log } from '../../src/kernel/ports.ts';
import type { HttpCall, HttpCaller, HttpResult } from '../shared/http-call.ts';
import { misconfigured } from '../shared/outcomes.ts';
import type { TokenResult } from '../shared/token-cache.ts';
import type { BotTokens } from './bot-tokens.ts';

export type AuthorizedResult =
  | { ok: true; result: HttpResult }
  /** No request was made, or its token was refused: nothing happened there. */
  | { ok: false; outcome: SendOutcome };

export type AuthorizedCall = Pick<HttpCall, 'method' | 'url' | 'body'>;

/** Calls of one interface, the connector's or Graph's, by tokens of its own. */
export class AuthorizedCaller {
  readonly #caller: HttpCaller;
  readonly #tokens: BotTokens;
  readonly #log: Log;

  constructor(caller: HttpCaller, tokens: BotTokens, log: Log) {
    this.#caller = caller;
    this.#tokens = tokens;
    this.#log = log;
  }

  /**
   * One try. A token that has to be fetched first takes from the time; once that is over nothing leaves any more, so
   * that a caller knows from its own clock until when the request can have been made.
   */
  async call(
    registration: PlatformRegistration,
    call: AuthorizedCall,
    timeoutMs: number,
  ): Promise<AuthorizedResult> {
    const startedAt = performance.now();
    // The demo speaks to loopback only, and no secret of it is worth a token there.
    const token = registration.demo ? null : await within(this.#tokenOf(registration), timeoutMs);
    if (token !== null && !token.ok) return token;
    const left = timeoutMs - (performance.now() - startedAt);
    if (left <= 0) return tooLate;
    const result = await this.#caller.call({ ...call, headers: headersOf(call, token), timeoutMs: left });
    if (result.kind !== 'answered' || result.status !== 401 || token === null) return { ok: true, result };
    this.#tokens.forget(registration);
    // A cached token can have been withdrawn; with a fresh one a refusal is final.
    if (!token.fromCache) return { ok: true, result };
    return { ok: false, outcome: { result: 'rejected', code: 'unauthorized', retryable: true } };
  }

  /** A token, or the outcome of a call that never began. */
  async #tokenOf(registration: PlatformRegistration): Promise<TokenResult> {
    try {
      return await this.#tokens.get(registration);
    } catch (error) {
      if (error instanceof DeskbridgeError && error.code === 'registration_misconfigured') {
        return { ok: false, outcome: misconfigured() };
      }
      const { registrationId } = registration;
      const reason = error instanceof Error ? error.name : 'unknown';
      this.#log.warn({ registrationId, reason }, 'no credentials');
      return tooLate;
    }
  }
}

const tooLate: { ok: false; outcome: SendOutcome } = {
  ok: false,
  outcome: { result: 'rejected', code: 'transient', retryable: true },
};

function within(token: Promise<TokenResult>, ms: number): Promise<TokenResult> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(tooLate), ms);
    // It never rejects.
    void token.then((result) => {
      clearTimeout(timer);
      resolve(result);
    });
  });
}

function headersOf(call: AuthorizedCall, token: { token: string } | null): Record<string, string> {
  return {
    accept: 'application/json',
    ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(token === null ? {} : { authorization: `Bearer ${token.token}` }),
  };
}
