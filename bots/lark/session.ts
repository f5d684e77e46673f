/** Calls of the Open API in the name of one registration: with its token, and within the time that there is. */
import { DeskbridgeError } from '../../src/kernel/errors.ts';
import type { PlatformRegistration, SendOutcome } from '../../src/kernel/platform.ts';
import type { Clock, Log } from '../../src/kernel/ports.ts';
import type { HttpResult } from '../shared/http-call.ts';
import { misconfigured } from '../shared/outcomes.ts';
import type { TokenResult } from '../shared/token-cache.ts';
import { isTokenRefused } from './errors.ts';
import type { ApiCall, OpenApi } from './open-api.ts';
import type { TenantTokens } from './tokens.ts';

/** A second call follows a definite rejection only this long after the first began. */
export const secondCallWithinMs = 4000;

/** Message ids come back through people's clients, and become a part of a path. */
export const messageIdPattern = /^[\w-]{1,200}$/;

export interface Session {
  registration: PlatformRegistration;
  /** Origin of the registration's Open API. */
  apiUrl: string;
  api: OpenApi;
  tokens: TenantTokens;
  clock: Clock;
  log: Log;
}

/** A call of the adapter, before it has a token. */
export type Request = Omit<ApiCall, 'token'>;

/** The time that several calls share, from its construction on. */
export class Budget {
  readonly #until: number;

  constructor(ms: number) {
    this.#until = performance.now() + ms;
  }

  /** Milliseconds; none are left when it is not positive. */
  get left(): number {
    return this.#until - performance.now();
  }
}

/**
 * Makes the call, and where the platform refused the kept token, which did nothing, once more with another one.
 * @param budget for everything together, the token too; without it each call has its own limit
 * @returns a `SendOutcome` where no call was made, or none whose refusal says anything about the request
 */
export async function callWithToken(
  session: Session,
  request: Request,
  budget?: Budget,
): Promise<HttpResult | SendOutcome> {
  const began = performance.now();
  const token = await tokenOf(session, budget);
  if (!token.ok) return token.outcome;
  if (isOver(budget)) return late();
  const result = await call(session, request, token.token, budget);
  if (!isTokenRefused(result)) return result;
  session.tokens.forget(session.registration, token.token);
  // A kept token can have been withdrawn; with a fresh one a refusal is final.
  if (!token.fromCache) return result;
  if (isOver(budget) || performance.now() - began > secondCallWithinMs) return late();
  const other = await tokenOf(session, budget);
  if (!other.ok) return other.outcome;
  return isOver(budget) ? late() : await call(session, request, other.token, budget);
}

/** What comes of it in time; null otherwise. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T | null> {
  const { promise, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(resolve, ms, null);
  return await Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

async function call(
  { api }: Session,
  request: Request,
  token: string,
  budget: Budget | undefined,
): Promise<HttpResult> {
  const limit = budget === undefined ? request.timeoutMs : Math.max(1, Math.floor(budget.left));
  return await api({ ...request, token, ...(limit === undefined ? {} : { timeoutMs: limit }) });
}

/** A token, or the outcome of a call that never began. */
async function tokenOf(session: Session, budget: Budget | undefined): Promise<TokenResult> {
  if (budget === undefined) return await obtain(session);
  // Others wait for the same token: what comes of it is kept for the next.
  const token = await within(Math.max(0, budget.left), obtain(session));
  return token ?? { ok: false, outcome: late() };
}

async function obtain({ tokens, registration, apiUrl, log }: Session): Promise<TokenResult> {
  try {
    return await tokens.get(registration, apiUrl);
  } catch (error) {
    if (error instanceof DeskbridgeError && error.code === 'registration_misconfigured') {
      return { ok: false, outcome: misconfigured() };
    }
    const reason = error instanceof Error ? error.name : 'unknown';
    log.warn({ registrationId: registration.registrationId, reason }, 'no credentials');
    return { ok: false, outcome: { result: 'rejected', code: 'transient', retryable: true } };
  }
}

function isOver(budget: Budget | undefined): boolean {
  return budget !== undefined && budget.left <= 0;
}

/** The time was over before anything could be posted. */
function late(): SendOutcome {
  return { result: 'rejected', code: 'transient', retryable: true, detail: 'no token in time' };
}
