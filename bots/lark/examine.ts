/** What can be said about a Lark registration without waiting for a message: its secrets, its token, its bot, its rights. */
import { z } from 'zod';
import { cleanLine } from '../../src/kernel/plain-text.ts';
import type { Check, PlatformRegistration } from '../../src/kernel/platform.ts';
import type { HttpResult } from '../shared/http-call.ts';
import type { TokenResult } from '../shared/token-cache.ts';
import { readCredentials, type StoredCredentials } from './credentials.ts';
import { type OpenApi, readAnswer } from './open-api.ts';
import { tenantScopes } from './scopes.ts';
import type { TenantTokens } from './tokens.ts';

const enterSecrets = 'with PATCH /v1/tenants/{tenant}/registrations/{id}';

/** Permissions without which nothing works; without another one of the list, something smaller does not. */
const vital: ReadonlySet<string> = new Set([
  'im:message.p2p_msg:readonly',
  'im:message.group_at_msg:readonly',
  'im:message:send_as_bot',
]);
/** What a permission is contained in, besides itself. */
const wider: Record<string, readonly string[]> = {
  'im:message:send_as_bot': ['im:message'],
  'im:message:readonly': ['im:message', 'im:message.history:readonly'],
  'im:message.p2p_msg:readonly': ['im:message.p2p_msg'],
  'im:message.group_at_msg:readonly': ['im:message.group_at_msg', 'im:message.group_msg'],
};

/** What it takes to learn what became of a notification; the platform does not tell which events are subscribed. */
const historyScope = 'im:message:readonly';
const groupHistoryScope = 'im:message.group_msg';

/** `activate_status` of a bot. Source: https://open.feishu.cn/document/server-docs/bot-v3/bot-overview, "Obtain bot info" */
const activated = 2;
const missingScope = 99991672;

const botSchema = z.object({
  bot: z.object({
    activate_status: z.number().catch(activated),
    app_name: z.string().max(300).catch(''),
    open_id: z.string().max(100).catch(''),
  }),
});
const tenantSchema = z.object({
  data: z.object({ tenant: z.object({ tenant_key: z.string(), name: z.string().max(300).catch('') }) }),
});
const scopesSchema = z.object({
  data: z.object({ scopes: z.array(z.object({ scope_name: z.string(), grant_status: z.number() })) }),
});

/** Where the registration's calls go, and with which token; null where the demo has nowhere to call. */
export interface Examined {
  registration: PlatformRegistration;
  api: OpenApi;
  tokens: TenantTokens;
  apiUrl: string | null;
}

/** The steps in their order; a step that needs a failed one is skipped. */
export async function examineLark({ registration, api, tokens, apiUrl }: Examined): Promise<Check[]> {
  const stored = readCredentials(await registration.credentials());
  const checks = [credentialsCheck(stored), encryptionCheck(stored)];
  if (registration.options.app_type === 'isv') checks.push(ticketCheck(stored));
  if (stored.app_secret === undefined) return [...checks, ...skipped('Needs the app secret.')];
  if (apiUrl === null)
    return [...checks, ...skipped('The demo speaks to this machine only, and nothing is set.')];
  const token = await freshToken(registration, tokens, stored, apiUrl);
  checks.push(tokenCheck(token));
  if (!token.ok) return [...checks, ...skipped('Needs a token.').slice(1)];
  const get = (path: string) =>
    api({ method: 'GET', url: `${apiUrl}/open-apis/${path}`, token: token.token });
  const bot = botCheck(await get('bot/v3/info'));
  const organization = organizationCheck(await get('tenant/v2/tenant/query'), registration.organization);
  const scopes = await get('application/v6/scopes');
  const granted = grantedScopes(scopes);
  if (granted === null) return [...checks, bot, organization, unreadScopes(scopes), ...skippedReadBack()];
  return [...checks, bot, organization, scopesCheck(granted), readBackCheck(granted)];
}

function credentialsCheck(stored: StoredCredentials): Check {
  const step = 'credentials';
  if (stored.app_secret !== undefined) return { step, status: 'pass', detail: 'An app secret is there.' };
  const remedy = `Enter app_secret, from the page "Credentials & Basic Info" of the developer console, ${enterSecrets}.`;
  return { step, status: 'fail', detail: 'There is no app secret.', remedy };
}

function encryptionCheck(stored: StoredCredentials): Check {
  const step = 'encryption';
  const missing = (['encrypt_key', 'verification_token'] as const).filter(
    (name) => stored[name] === undefined,
  );
  if (missing.length === 0) {
    return { step, status: 'pass', detail: 'An encrypt key and a verification token are there.' };
  }
  return {
    step,
    status: 'fail',
    detail: `There is no ${missing.join(' and no ')}: events cannot be verified and are refused.`,
    remedy: `Enter it, from "Events & Callbacks › Encryption Strategy" of the developer console, ${enterSecrets}.`,
  };
}

function ticketCheck(stored: StoredCredentials): Check {
  const step = 'app_ticket';
  if (stored.app_ticket !== undefined) return { step, status: 'pass', detail: 'An app_ticket was received.' };
  return {
    step,
    status: 'warn',
    detail: 'No app_ticket was received yet; without one an app of the store gets no token.',
    remedy:
      'Check that the request URL of "Events & Callbacks" is this registration\'s; Lark pushes a ticket within the hour, and at once after a send.',
  };
}

/** A kept token would say nothing about the secret as it is now. */
async function freshToken(
  registration: PlatformRegistration,
  tokens: TenantTokens,
  stored: StoredCredentials,
  apiUrl: string,
): Promise<TokenResult> {
  tokens.drop(registration);
  if (stored.tenant_access_token !== undefined) tokens.forget(registration, stored.tenant_access_token);
  return await tokens.get(registration, apiUrl);
}

function tokenCheck(token: TokenResult): Check {
  const step = 'token';
  if (token.ok) return { step, status: 'pass', detail: 'The platform gave a token for the bot.' };
  const code = token.outcome.result === 'sent' ? 'unknown' : token.outcome.code;
  if (code === 'transient' || code === 'throttled' || code === 'server_error') {
    return {
      step,
      status: 'warn',
      detail: `There is no token yet (${code}).`,
      remedy:
        'Check that this server reaches the Open API (apps of the store: that an app_ticket came), and try again.',
    };
  }
  return {
    step,
    status: 'fail',
    detail: `The platform refused a token (${code}).`,
    remedy:
      'Check app_id, app_secret, app_type and domain (feishu or lark), and that the app is released and enabled.',
  };
}

function botCheck(result: HttpResult): Check {
  const step = 'bot_id';
  const read = readAnswer(result);
  const bot = botSchema.safeParse(read?.body);
  if (read?.code !== 0 || !bot.success) {
    const remedy =
      'Add the bot under "Add Features" of the developer console and release a version of the app.';
    return {
      step,
      status: 'fail',
      detail: `The platform names no bot of this app${codeOf(result)}.`,
      remedy,
    };
  }
  const { activate_status, app_name, open_id } = bot.data.bot;
  const detail = `The bot is called "${cleanLine(app_name)}" and has the id ${cleanLine(open_id)}.`;
  if (activate_status === activated) return { step, status: 'pass', detail };
  return {
    step,
    status: 'fail',
    detail: `The app is not enabled in the organization (activate_status ${activate_status}).`,
    remedy: 'Have an administrator of the organization enable the app in the admin console.',
  };
}

function organizationCheck(result: HttpResult, expected: string): Check {
  const step = 'organization';
  const read = readAnswer(result);
  const tenant = tenantSchema.safeParse(read?.body);
  if (read?.code !== 0 || !tenant.success) {
    const detail = `The organization could not be read${codeOf(result)}.`;
    const remedy =
      read?.code === missingScope
        ? 'Add the permission tenant:tenant:readonly, so that the tenant_key can be compared.'
        : 'Try again; compare the tenant_key of an event with the organization of the registration.';
    return { step, status: 'warn', detail, remedy };
  }
  const { tenant_key, name } = tenant.data.data.tenant;
  if (tenant_key === expected) {
    return { step, status: 'pass', detail: `The token belongs to the organization "${cleanLine(name)}".` };
  }
  return {
    step,
    status: 'fail',
    detail: `The token belongs to the organization ${cleanLine(tenant_key)}, not to ${expected}.`,
    remedy: 'Register the app with the tenant_key of its own organization.',
  };
}

/** Null where the platform did not tell. */
function grantedScopes(result: HttpResult): ReadonlySet<string> | null {
  const read = readAnswer(result);
  const scopes = scopesSchema.safeParse(read?.body);
  if (read?.code !== 0 || !scopes.success) return null;
  // 1: granted; 2: not. Source: https://open.feishu.cn/document/server-docs/application-v6/scope/list
  const listed = scopes.data.data.scopes.filter(({ grant_status }) => grant_status === 1);
  return new Set(listed.map(({ scope_name }) => scope_name));
}

function isGranted(granted: ReadonlySet<string>, scope: string): boolean {
  return [scope, ...(wider[scope] ?? [])].some((one) => granted.has(one));
}

function unreadScopes(result: HttpResult): Check {
  const remedy = 'Compare "Permissions & Scopes" of the developer console with the list of the manifest.';
  const detail = `The permissions could not be read${codeOf(result)}.`;
  return { step: 'scopes', status: 'warn', detail, remedy };
}

function scopesCheck(granted: ReadonlySet<string>): Check {
  const step = 'scopes';
  const missing = tenantScopes.filter((scope) => !isGranted(granted, scope));
  if (missing.length === 0) return { step, status: 'pass', detail: 'All permissions are granted.' };
  return {
    step,
    status: missing.some((scope) => vital.has(scope)) ? 'fail' : 'warn',
    detail: `Permissions are missing: ${missing.join(', ')}.`,
    remedy: 'Add them under "Permissions & Scopes", release a version, and have it approved.',
  };
}

/** What can be learnt of notifications after they were sent. */
function readBackCheck(granted: ReadonlySet<string>): Check {
  const step = 'read_back';
  if (!isGranted(granted, historyScope)) {
    return {
      step,
      status: 'warn',
      detail: `Without ${historyScope} nobody tells that a notification was read, and one whose outcome stays unknown for an hour cannot be looked up.`,
      remedy: `Add ${historyScope} and the event im.message.message_read_v1, release a version, and have it approved.`,
    };
  }
  if (!granted.has(groupHistoryScope)) {
    return {
      step,
      status: 'warn',
      detail: `Without ${groupHistoryScope} a notification to a group whose outcome stays unknown for an hour cannot be looked up; those to people can.`,
      remedy: `Nothing, if that is rare enough; else add ${groupHistoryScope}, which lets the app read all messages of its groups.`,
    };
  }
  return { step, status: 'pass', detail: 'Messages can be read back, in groups too.' };
}

function skippedReadBack(): Check[] {
  return [{ step: 'read_back', status: 'skipped', detail: 'Needs the permissions.' }];
}

function codeOf(result: HttpResult): string {
  if (result.kind === 'failed') return ` (${result.code})`;
  return ` (code ${readAnswer(result)?.code ?? `HTTP ${result.status}`})`;
}

function skipped(detail: string): Check[] {
  return ['token', 'bot_id', 'organization', 'scopes', 'read_back'].map((step) => ({
    step,
    status: 'skipped',
    detail,
  }));
}
