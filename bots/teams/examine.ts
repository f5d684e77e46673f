/** What can be said about a Teams registration without waiting for a message: its secret, its token, its own ids. */
import type { Check, PlatformRegistration } from '../../src/kernel/platform.ts';
import type { BotTokens } from './bot-tokens.ts';
import { credentialsSchema } from './credentials.ts';

/** The steps in their order; a step that needs a failed one is skipped. */
export async function examineTeams(registration: PlatformRegistration, tokens: BotTokens): Promise<Check[]> {
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
      { step: 'token', status: 'skipped', detail: 'Needs the client secret.' },
    ];
  }
  return [
    { step: 'credentials', status: 'pass', detail: 'A client secret is there.' },
    registration.demo
      ? { step: 'token', status: 'skipped', detail: 'The demo speaks to this machine only, without a token.' }
      : await checkToken(registration, tokens),
    {
      step: 'bot_id',
      status: 'pass',
      detail: `Teams names the bot 28:${registration.appId}; every message to it is checked against that.`,
    },
  ];
}

async function checkToken(registration: PlatformRegistration, tokens: BotTokens): Promise<Check> {
  const step = 'token';
  // A cached one would say nothing about the secret as it is now.
  tokens.forget(registration);
  const token = await tokens.get(registration);
  if (token.ok) return { step, status: 'pass', detail: 'Entra ID gave a token for the bot.' };
  const code = token.outcome.result === 'sent' ? 'unknown' : token.outcome.code;
  if (code === 'transient' || code === 'throttled' || code === 'server_error') {
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
