/** What can be said about a Teams registration without waiting for a message: its secret, its tokens, its own ids. */
import type { Check, PlatformRegistration } from '../../src/kernel/platform.ts';
import type { TokenResult } from '../shared/token-cache.ts';
import type { BotTokens } from './bot-tokens.ts';
import { credentialsSchema } from './credentials.ts';
import { missingPermissions, rolesOf } from './graph-permissions.ts';

/** The steps in their order; a step that needs a failed one is skipped. */
export async function examineTeams(
  registration: PlatformRegistration,
  tokens: BotTokens,
  graphTokens: BotTokens,
): Promise<Check[]> {
  const credentials = credentialsSchema.safeParse(await registration.credentials());
  if (!credentials.success) {
    return [
      {
        step: 'credentials',
        status: 'fail',
        detail: 'There is no client secret.',
        remedy:
          "Enter the app registration's client secret with PATCH /v1/tenants/{tenant}/registrations/{id}.",
      },
      ...['token', 'graph_token', 'feed', 'readback'].map((step) =>
        skipped(step, 'Needs the client secret.'),
      ),
    ];
  }
  const demo = 'The demo speaks to this machine only, without a token.';
  return [
    { step: 'credentials', status: 'pass', detail: 'A client secret is there.' },
    registration.demo ? skipped('token', demo) : await checkToken(registration, tokens),
    {
      step: 'bot_id',
      status: 'pass',
      detail: `Teams names the bot 28:${registration.appId}; every message to it is checked against that.`,
    },
    ...(registration.demo
      ? ['graph_token', 'feed', 'readback'].map((step) => skipped(step, demo))
      : await checkGraph(registration, graphTokens)),
  ];
}

function skipped(step: string, detail: string): Check {
  return { step, status: 'skipped', detail };
}

/** A new one: a cached one would say nothing about the secret as it is now. */
async function freshToken(registration: PlatformRegistration, tokens: BotTokens): Promise<TokenResult> {
  tokens.forget(registration);
  return await tokens.get(registration);
}

/** Why there is no token, and whether only for now. */
function failureOf(token: TokenResult & { ok: false }): { code: string; forNow: boolean } {
  const code = token.outcome.result === 'sent' ? 'unknown' : token.outcome.code;
  return { code, forNow: ['transient', 'throttled', 'server_error'].includes(code) };
}

async function checkToken(registration: PlatformRegistration, tokens: BotTokens): Promise<Check> {
  const step = 'token';
  const token = await freshToken(registration, tokens);
  if (token.ok) return { step, status: 'pass', detail: 'Entra ID gave a token for the bot.' };
  const { code, forNow } = failureOf(token);
  if (forNow) {
    return {
      step,
      status: 'warn',
      detail: `Entra ID could not be asked (${code}).`,
      remedy: 'Check that this server reaches the login address, and try again.',
    };
  }
  return {
    step,
    status: 'fail',
    detail: `Entra ID refused a token (${code}).`,
    remedy:
      'Check app_id, organization and app_type, and whether the client secret has ended; enter a new one if so.',
  };
}

/** Graph serves the activity feed and reading back alone: chat works without it, so that nothing here fails. */
async function checkGraph(registration: PlatformRegistration, tokens: BotTokens): Promise<Check[]> {
  const token = await freshToken(registration, tokens);
  if (!token.ok) {
    const { code, forNow } = failureOf(token);
    const needs = 'Needs a token for Microsoft Graph.';
    return [
      {
        step: 'graph_token',
        status: 'warn',
        detail: `Entra ID gave no token for Microsoft Graph (${code}).`,
        remedy: forNow
          ? 'Check that this server reaches the login address, and try again.'
          : "Add the app to the organization as an enterprise application, by an administrator's consent.",
      },
      skipped('feed', needs),
      skipped('readback', needs),
    ];
  }
  const roles = rolesOf(token.token);
  return [
    { step: 'graph_token', status: 'pass', detail: 'Entra ID gave a token for Microsoft Graph.' },
    checkPermissions('feed', roles, {
      works: 'Entries in the activity feed reach everybody who has the app.',
      else: 'entries in the activity feed reach those for whom the app package with TeamsActivity.Send.User is installed',
    }),
    checkPermissions('readback', roles, {
      works: 'What became of an interrupted send can be read back everywhere.',
      else:
        'an interrupted send is read back where the app package was given ChannelMessage.Read.Group or ' +
        "ChatMessage.Read.Chat, and never in a person's chat without Chat.Read.All",
    }),
  ];
}

/** Permissions that the app package brings for one team, chat or person stand in no token. */
function checkPermissions(
  step: 'feed' | 'readback',
  roles: readonly string[],
  words: { works: string; else: string },
): Check {
  const missing = missingPermissions(step, roles);
  if (missing.length === 0) return { step, status: 'pass', detail: words.works };
  return {
    step,
    status: 'warn',
    detail: `Not granted for the whole organization: ${missing.join(', ')}. So ${words.else}.`,
    remedy:
      "Install the app package from this registration's manifest, or grant the application permissions in Entra ID.",
  };
}
