/** How an app gets a tenant_access_token: its secret for the token, and for apps of the store by ticket and app token. */
import { z } from 'zod';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { PlatformRegistration, SendOutcome } from '../../src/kernel/platform.ts';
import type { Clock } from '../../src/kernel/ports.ts';
import type { HttpResult } from '../shared/http-call.ts';
import { misconfigured } from '../shared/outcomes.ts';
import type { StoredCredentials } from './credentials.ts';
import { isTokenRefused, outcomeOfTokenFailure } from './errors.ts';
import { type OpenApi, readAnswer } from './open-api.ts';

/** A token is replaced this long before it expires. */
export const earlyMs = 3 * 60_000;

/** A row of the database is locked meanwhile. */
const timeoutMs = 3000;

/** The app_ticket is wrong or too old. Source: `errCodeAppTicketInvalid` of github.com/larksuite/oapi-sdk-go */
const staleTicket = 10012;

/** A token as it may stand in a header: visible ASCII only. */
export const tokenText = z
  .string()
  .max(2000)
  .regex(/^[\x21-\x7e]+$/);
const lifetime = z.coerce.number().positive().max(86_400);
const tenantTokenSchema = z.object({ tenant_access_token: tokenText, expire: lifetime });
const appTokenSchema = z.object({ app_access_token: tokenText, expire: lifetime });

export interface ExchangeRequest {
  api: OpenApi;
  clock: Clock;
  registration: PlatformRegistration;
  /** Origin of the registration's Open API. */
  apiUrl: string;
  credentials: StoredCredentials;
}

/** What came of it, and what of that is worth keeping. */
export type Exchange = { kept: Partial<StoredCredentials> } & (
  | { ok: true; token: string }
  /** Nothing was posted; `outcome` says why and whether a later try may succeed. */
  | { ok: false; outcome: SendOutcome }
);

/**
 * Asks the platform for a token of the registration's organization. An app of the store needs the ticket that the
 * platform pushes every hour; without one it is asked to push it, and the next try finds it. Never rejects.
 * Sources: https://open.feishu.cn/document/server-docs/authentication-management/access-token/tenant_access_token_internal,
 * …/app_access_token, …/tenant_access_token, …/app_ticket_resend
 */
export async function exchangeForToken(request: ExchangeRequest): Promise<Exchange> {
  const { registration, credentials } = request;
  const { app_secret } = credentials;
  if (app_secret === undefined) return failed(misconfigured());
  const secret = { app_id: registration.appId, app_secret };
  if (registration.options.app_type === 'isv') return await exchangeForStoreApp(request, secret);
  const result = await post(request, 'tenant_access_token/internal', secret);
  return tenantTokenOf(request, result);
}

async function exchangeForStoreApp(request: ExchangeRequest, secret: JsonObject): Promise<Exchange> {
  const { app_access_token: kept, app_access_token_expires_at: expiresAt, app_ticket } = request.credentials;
  if (kept !== undefined && isFresh(expiresAt, request.clock)) {
    const result = await organizationToken(request, kept);
    if (!isTokenRefused(result)) return tenantTokenOf(request, result);
  }
  if (app_ticket === undefined) return await askForTicket(request, secret);
  const result = await post(request, 'app_access_token', { ...secret, app_ticket });
  const answer = readAnswer(result);
  if (answer?.code === staleTicket) return await askForTicket(request, secret);
  const issued = appTokenSchema.safeParse(answer?.body);
  if (answer?.code !== 0 || !issued.success) return failure(request, result);
  const { app_access_token, expire } = issued.data;
  const own = { app_access_token, app_access_token_expires_at: timeIn(expire, request.clock) };
  const exchange = tenantTokenOf(request, await organizationToken(request, app_access_token));
  return { ...exchange, kept: { ...own, ...exchange.kept } };
}

function organizationToken(request: ExchangeRequest, appToken: string): Promise<HttpResult> {
  const body = { app_access_token: appToken, tenant_key: request.registration.organization };
  return post(request, 'tenant_access_token', body);
}

/** Has the platform push the ticket again, at once. */
async function askForTicket(request: ExchangeRequest, secret: JsonObject): Promise<Exchange> {
  const result = await post(request, 'app_ticket/resend', secret);
  if (readAnswer(result)?.code !== 0) return failure(request, result);
  return failed({ result: 'rejected', code: 'transient', retryable: true });
}

function tenantTokenOf(request: ExchangeRequest, result: HttpResult): Exchange {
  const answer = readAnswer(result);
  const issued = tenantTokenSchema.safeParse(answer?.body);
  if (answer?.code !== 0 || !issued.success) return failure(request, result);
  const { tenant_access_token: token, expire } = issued.data;
  const tenant_access_token_expires_at = timeIn(expire, request.clock);
  return { ok: true, token, kept: { tenant_access_token: token, tenant_access_token_expires_at } };
}

function post(request: ExchangeRequest, path: string, body: JsonObject): Promise<HttpResult> {
  const url = `${request.apiUrl}/open-apis/auth/v3/${path}`;
  return request.api({ method: 'POST', url, body, timeoutMs });
}

function failure(request: ExchangeRequest, result: HttpResult): Exchange {
  return failed(outcomeOfTokenFailure(result, request.clock.now()));
}

function failed(outcome: SendOutcome): Exchange {
  return { ok: false, outcome, kept: {} };
}

/** Whether a token that ends at this time is good for a while. */
export function isFresh(expiresAt: string | undefined, clock: Clock): boolean {
  return expiresAt !== undefined && clock.now().getTime() < Date.parse(expiresAt) - earlyMs;
}

/** Counted from the answer; the minutes by which a token is replaced early are far more than it took. */
function timeIn(seconds: number, clock: Clock): string {
  return new Date(clock.now().getTime() + seconds * 1000).toISOString();
}
