/** What can be said about a Slack registration by asking Slack who the token belongs to: nothing is posted. */
import type { JsonObject, JsonValue } from '../../src/kernel/canonical-json.ts';
import { DeskbridgeError } from '../../src/kernel/errors.ts';
import type { Check, PlatformRegistration } from '../../src/kernel/platform.ts';
import type { BotCalls } from './bot-calls.ts';
import { readCredentials, type StoredCredentials } from './credentials.ts';
import { outcomeOf } from './errors.ts';
import { botScopes, evidenceScope, readbackScopes } from './scopes.ts';
import { answerOf, errorOf } from './web-api.ts';

const change = 'PATCH /v1/tenants/{tenant}/registrations/{id}';
/** Steps that need the answer of auth.test. */
const askedSteps = ['organization', 'bot_id', 'scopes', 'readback'] as const;

/** What auth.test says; `scopes` null when Slack does not name them. */
interface Identity {
  answer: JsonObject;
  scopes: string[] | null;
}

/** The steps in their order; a step that needs a failed one is skipped. */
export async function examineSlack(
  registration: PlatformRegistration,
  calls: BotCalls,
  now: Date,
): Promise<Check[]> {
  const credentials = await openCredentials(registration);
  const first = checkCredentials(registration, credentials);
  const rest = [checkSigningSecret(credentials), checkRotation(credentials, now)];
  if (first.status === 'fail') {
    return [first, ...['token', ...askedSteps].map((step) => skipped(step, 'Needs a bot token.')), ...rest];
  }
  const { check, identity } = await checkToken(registration, calls, now);
  if (identity === null) {
    return [
      first,
      check,
      ...askedSteps.map((step) => skipped(step, 'Needs a token that Slack takes.')),
      ...rest,
    ];
  }
  // The token may have been renewed on the way.
  const current = await openCredentials(registration);
  return [
    first,
    check,
    checkOrganization(registration, identity),
    checkBot(current, identity),
    checkScopes(identity),
    checkReadback(identity),
    checkSigningSecret(current),
    checkRotation(current, now),
  ];
}

async function openCredentials(registration: PlatformRegistration): Promise<StoredCredentials> {
  try {
    return readCredentials(await registration.credentials());
  } catch (error) {
    if (error instanceof DeskbridgeError && error.code === 'registration_misconfigured') return {};
    throw error;
  }
}

function checkCredentials(registration: PlatformRegistration, credentials: StoredCredentials): Check {
  const step = 'credentials';
  if (credentials.bot_token !== undefined) return { step, status: 'pass', detail: 'A bot token is there.' };
  if (registration.demo) return { step, status: 'pass', detail: 'The demo needs no bot token.' };
  return {
    step,
    status: 'fail',
    detail: 'There is no bot token.',
    remedy: `Install the app from the registration's install_url, or enter bot_token with ${change}.`,
  };
}

async function checkToken(
  registration: PlatformRegistration,
  calls: BotCalls,
  now: Date,
): Promise<{ check: Check; identity: Identity | null }> {
  const step = 'token';
  const called = await calls.call(registration, 'auth.test', {});
  const answer = called.ok ? answerOf(called.result) : null;
  if (called.ok && called.result.kind === 'answered' && answer?.ok === true) {
    const header = called.result.headers['x-oauth-scopes'];
    const scopes = typeof header === 'string' ? header.split(',').map((scope) => scope.trim()) : null;
    const check: Check = { step, status: 'pass', detail: 'Slack takes the bot token.' };
    return { check, identity: { answer, scopes } };
  }
  const asked = { isUpdate: false, byPerson: false };
  const outcome = called.ok ? outcomeOf(called.result, asked, now) : called.outcome;
  const reason =
    (called.ok ? errorOf(called.result) : null) ?? (outcome.result === 'sent' ? 'unknown' : outcome.code);
  const isRefused = outcome.result === 'rejected' && !outcome.retryable;
  return { check: isRefused ? tokenRefused(reason) : notAsked(reason), identity: null };
}

function tokenRefused(reason: string): Check {
  return {
    step: 'token',
    status: 'fail',
    detail: `Slack refuses the bot token (${word(reason)}).`,
    remedy: `Install the app again and enter the new bot_token with ${change}.`,
  };
}

function notAsked(reason: string): Check {
  return {
    step: 'token',
    status: 'warn',
    detail: `Slack could not be asked (${word(reason)}).`,
    remedy: 'Check that this server reaches the Slack API address, and try again.',
  };
}

/** https://docs.slack.dev/reference/methods/auth.test */
function checkOrganization({ organization }: PlatformRegistration, { answer }: Identity): Check {
  const step = 'organization';
  const isForEnterprise = answer.is_enterprise_install === true;
  const installedIn = isForEnterprise ? answer.enterprise_id : answer.team_id;
  const kind = isForEnterprise ? 'enterprise' : 'workspace';
  if (installedIn === organization) {
    return { step, status: 'pass', detail: `The app is installed in the ${kind} ${organization}.` };
  }
  return {
    step,
    status: 'fail',
    detail: `The bot token belongs to the ${kind} ${word(installedIn)}, the registration to ${organization}.`,
    remedy: 'Enter the token of the right installation, or add a registration for the other organization.',
  };
}

function checkBot({ bot_user_id: known }: StoredCredentials, { answer }: Identity): Check {
  const step = 'bot_id';
  const { bot_id: botId, user_id: userId } = answer;
  if (typeof botId !== 'string' || typeof userId !== 'string') {
    return {
      step,
      status: 'fail',
      detail: 'The token is not that of a bot.',
      remedy: `Enter the Bot User OAuth Token (xoxb-…) with ${change}.`,
    };
  }
  if (known === undefined || known === userId) {
    return { step, status: 'pass', detail: `The bot is the user ${word(userId)}.` };
  }
  return {
    step,
    status: 'warn',
    detail: `The bot is the user ${word(userId)}; at its installation it was ${known}.`,
    remedy: 'Install the app again, so that mentions of the bot are recognized.',
  };
}

function checkScopes({ scopes }: Identity): Check {
  const step = 'scopes';
  if (scopes === null) return skipped(step, 'Slack did not name the scopes of the token.');
  const missing = botScopes.filter((scope) => !scopes.includes(scope));
  if (missing.length === 0)
    return { step, status: 'pass', detail: 'The token has every scope that is used.' };
  return {
    step,
    // Without these nothing is heard or said; without the others a part is missing.
    status: missing.includes('chat:write') || missing.includes('im:history') ? 'fail' : 'warn',
    detail: `The token lacks ${missing.join(', ')}.`,
    remedy: "Update the app from the registration's manifest, and install it again.",
  };
}

/** Whether Slack can be asked, and tells by itself, what became of a message. */
function checkReadback({ scopes }: Identity): Check {
  const step = 'readback';
  if (scopes === null) return skipped(step, 'Slack did not name the scopes of the token.');
  const lacking = Object.entries(readbackScopes).filter(([scope]) => !scopes.includes(scope));
  const places = [...new Set(lacking.map(([, place]) => place))].join(', ');
  const names = lacking.map(([scope]) => scope).join(', ');
  const details = [
    ...(lacking.length === 0
      ? []
      : [`Without ${names} a send whose outcome is unknown cannot be looked up in ${places}.`]),
    ...(scopes.includes(evidenceScope)
      ? []
      : [`Without ${evidenceScope} Slack does not confirm deliveries, which then stay sent.`]),
  ];
  if (details.length === 0) return { step, status: 'pass', detail: 'What was sent can be read back.' };
  return {
    step,
    status: 'warn',
    detail: details.join(' '),
    remedy: "Update the app from the registration's manifest, and install it again.",
  };
}

/** Slack's signing secrets are 32 hexadecimal digits. Whether it is the right one, only a request of Slack's shows. */
function checkSigningSecret({ signing_secret: secret }: StoredCredentials): Check {
  const step = 'signature_secret';
  const remedy = `Copy the Signing Secret from the app's Basic Information and enter it with ${change}.`;
  if (secret === undefined) return { step, status: 'fail', detail: 'There is no signing secret.', remedy };
  if (/^[0-9a-f]{32}$/.test(secret)) return { step, status: 'pass', detail: 'A signing secret is there.' };
  return { step, status: 'warn', detail: 'The signing secret does not look like one of Slack’s.', remedy };
}

function checkRotation(credentials: StoredCredentials, now: Date): Check {
  const step = 'rotation';
  const { refresh_token, client_id, client_secret, bot_token_expires_at: endsAt } = credentials;
  if (refresh_token === undefined && endsAt === undefined)
    return skipped(step, 'The bot token does not end.');
  if (refresh_token === undefined || client_id === undefined || client_secret === undefined) {
    return {
      step,
      status: 'fail',
      detail: 'The bot token ends, and refresh_token, client_id or client_secret is missing to renew it.',
      remedy: `Enter client_id and client_secret with ${change}, and install the app again.`,
    };
  }
  if (endsAt === undefined) {
    return { step, status: 'pass', detail: 'The bot token is renewed when Slack says that it has ended.' };
  }
  if (Date.parse(endsAt) > now.getTime()) {
    return { step, status: 'pass', detail: `The bot token ends at ${endsAt} and is renewed before.` };
  }
  return {
    step,
    status: 'fail',
    detail: `The bot token ended at ${endsAt} and could not be renewed.`,
    remedy: 'Install the app again.',
  };
}

function skipped(step: string, detail: string): Check {
  return { step, status: 'skipped', detail };
}

/** What came from outside, as far as it has the form of an id or code. */
function word(value: JsonValue | undefined): string {
  return typeof value === 'string' && /^[\w.-]{1,60}$/.test(value) ? value : 'unknown';
}
