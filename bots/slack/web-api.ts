/** One call of Slack's Web API: a method's name, a token, arguments; and its answer, which says `ok` in the body. */
import { z } from 'zod';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { HttpCaller, HttpResult } from '../shared/http-call.ts';
import { parseObject } from '../shared/json.ts';

/** Methods of a registration's bot, on one Web API. */
export interface Target {
  /** Base of the Web API, with a slash at its end. */
  base: string;
  /** Null: without one, which only a demo registration may be. */
  token: string | null;
}

/**
 * Calls a method with JSON arguments; never rejects (https://docs.slack.dev/apis/web-api#posting-json).
 * @param timeoutMs instead of the caller's own limit
 */
export function callMethod(
  caller: HttpCaller,
  target: Target,
  method: string,
  args: object,
  timeoutMs?: number,
): Promise<HttpResult> {
  return caller.call({
    method: 'POST',
    url: target.base + method,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      accept: 'application/json',
      ...(target.token === null ? {} : { authorization: `Bearer ${target.token}` }),
    },
    body: JSON.stringify(args),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
}

/** The client of an app, by which it redeems codes and refresh tokens. */
export interface OAuthClient {
  clientId: string;
  clientSecret: string;
}

const grantSchema = z.object({
  ok: z.literal(true),
  // It goes into a header: visible ASCII only.
  access_token: z
    .string()
    .max(4000)
    .regex(/^[\x21-\x7e]+$/),
  // Tokens of people are issued beside the bot's, never as such.
  token_type: z.literal('bot'),
  refresh_token: z.string().min(1).max(4000).optional().catch(undefined),
  expires_in: z.number().positive().max(31_536_000).optional().catch(undefined),
  app_id: z.string().optional().catch(undefined),
  bot_user_id: z.string().optional().catch(undefined),
  is_enterprise_install: z.boolean().optional().catch(undefined),
  team: z.object({ id: z.string() }).nullish().catch(null),
  enterprise: z.object({ id: z.string() }).nullish().catch(null),
});
/** What `oauth.v2.access` gives. https://docs.slack.dev/reference/methods/oauth.v2.access */
export type Grant = z.infer<typeof grantSchema>;

/** Exchanges a code or a refresh token by `oauth.v2.access`; `grant` is null when none came, and `result` says why. */
export async function requestGrant(
  caller: HttpCaller,
  base: string,
  client: OAuthClient,
  fields: Record<string, string>,
): Promise<{ grant: Grant | null; result: HttpResult }> {
  const basic = Buffer.from(`${encode(client.clientId)}:${encode(client.clientSecret)}`).toString('base64');
  const result = await caller.call({
    method: 'POST',
    url: `${base}oauth.v2.access`,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      authorization: `Basic ${basic}`,
    },
    body: new URLSearchParams(fields).toString(),
  });
  const grant = result.kind === 'answered' ? grantSchema.safeParse(answerOf(result)) : null;
  return { grant: grant?.success === true ? grant.data : null, result };
}

/** Form encoding, as RFC 6749 (section 2.3.1) wants it before Base64; ids and secrets of Slack stay as they are. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** The answer's body as an object; null when it is none. */
export function answerOf(result: HttpResult): JsonObject | null {
  return result.kind === 'failed' ? null : parseObject(result.body);
}

/** The error that Slack names; null when it names none. */
export function errorOf(result: HttpResult): string | null {
  const answer = answerOf(result);
  return answer?.ok === false && typeof answer.error === 'string' ? answer.error : null;
}
