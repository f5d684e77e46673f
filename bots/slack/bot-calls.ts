/** Calls of the Web API as a registration's bot, with its token, which is replaced once when Slack refuses it. */
import { DeskbridgeError } from '../../src/kernel/errors.ts';
import type { PlatformRegistration, SendOutcome } from '../../src/kernel/platform.ts';
import type { Clock, Log } from '../../src/kernel/ports.ts';
import type { HttpCaller, HttpResult } from '../shared/http-call.ts';
import { misconfigured, unanswered } from '../shared/outcomes.ts';
import { isTokenRefused } from './errors.ts';
import { apiBaseOf, type SlackSettings } from './settings.ts';
import { BotTokens, type TokenResult } from './tokens.ts';
import { callMethod } from './web-api.ts';

export type CallResult =
  | { ok: true; result: HttpResult }
  /** No call was made, or none that Slack looked at; `outcome` says why. */
  | { ok: false; outcome: SendOutcome };

export class BotCalls {
  readonly #caller: HttpCaller;
  readonly #tokens: BotTokens;
  readonly #log: Log;
  readonly #settings: SlackSettings;

  constructor(caller: HttpCaller, clock: Clock, log: Log, settings: SlackSettings) {
    this.#caller = caller;
    this.#tokens = new BotTokens(caller, clock);
    this.#log = log;
    this.#settings = settings;
  }

  /**
   * Calls the method. A refused token means that nothing was done, so that the same call with another one is no
   * repeat of a send; anything else is tried once. Never rejects.
   * @param timeoutMs for everything together, the tokens too: nothing leaves after it. Without it each request has
   *   the caller's own limit.
   */
  async call(
    registration: PlatformRegistration,
    method: string,
    args: object,
    timeoutMs?: number,
  ): Promise<CallResult> {
    const base = apiBaseOf(registration, this.#settings);
    if (base === null) return { ok: false, outcome: misconfigured() };
    const leftMs = countdown(timeoutMs);
    const first = await this.#guard(registration, leftMs, () => this.#tokens.get(registration, base));
    if (!first.ok) return first;
    const { token } = first;
    const result = await callMethod(this.#caller, { base, token }, method, args, leftMs());
    if (token === null || !isTokenRefused(result)) return { ok: true, result };
    const other = await this.#guard(registration, leftMs, () =>
      this.#tokens.replace(registration, base, token),
    );
    if (!other.ok) return other;
    const target = { base, token: other.token };
    return { ok: true, result: await callMethod(this.#caller, target, method, args, leftMs()) };
  }

  /** Renews a token that ends soon. @throws Error when that failed */
  async renew(registration: PlatformRegistration): Promise<void> {
    const base = apiBaseOf(registration, this.#settings);
    if (base !== null) await this.#tokens.renew(registration, base);
  }

  /** A token that cannot be had in time, for whatever reason, is an outcome. */
  async #guard(
    registration: PlatformRegistration,
    leftMs: Countdown,
    get: () => Promise<TokenResult>,
  ): Promise<TokenResult> {
    try {
      const result = await within(leftMs(), get());
      const isLate = (leftMs() ?? 1) <= 0;
      return isLate ? { ok: false, outcome: unanswered(false) } : result;
    } catch (error) {
      if (error instanceof DeskbridgeError && error.code === 'registration_misconfigured') {
        return { ok: false, outcome: misconfigured() };
      }
      const { registrationId } = registration;
      const reason = error instanceof Error ? error.name : 'unknown';
      this.#log.warn({ registrationId, reason }, 'no credentials');
      return { ok: false, outcome: unanswered(false) };
    }
  }
}

/** Milliseconds that are left; undefined without a limit. */
type Countdown = () => number | undefined;

function countdown(timeoutMs: number | undefined): Countdown {
  if (timeoutMs === undefined) return () => undefined;
  const end = performance.now() + timeoutMs;
  return () => end - performance.now();
}

/** @throws TimeoutError when it takes longer */
function within<T>(timeoutMs: number | undefined, work: Promise<T>): Promise<T> {
  if (timeoutMs === undefined) return work;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new TimeoutError()), timeoutMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}
