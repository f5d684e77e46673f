/** The process's Slack settings, and the addresses that a registration may be spoken to at. */
import type { PlatformEnvironment, PlatformRegistration } from '../../src/kernel/platform.ts';
import { isLoopbackHost } from '../shared/loopback.ts';

export interface SlackSettings {
  /** Base of the Web API, with a slash at its end. */
  apiUrl: string;
  /** The same for registrations of the demo; null when there is none but `apiUrl`. */
  demoApiUrl: string | null;
}

const defaultApiUrl = 'https://slack.com/api/';
const authorizePath = '/oauth/v2/authorize';
/** Where response URLs lead (https://docs.slack.dev/interactivity/handling-user-interaction#message_responses). */
const hooksHost = 'hooks.slack.com';

/** The settings with their defaults; unknown keys are somebody else's. */
export function readSettings(settings: PlatformEnvironment['settings']): SlackSettings {
  return {
    apiUrl: baseOf(settings.apiUrl) ?? defaultApiUrl,
    demoApiUrl: baseOf(settings.demoApiUrl),
  };
}

/** Base of the Web API for the registration; null where a demo registration would leave this machine. */
export function apiBaseOf(
  registration: Pick<PlatformRegistration, 'demo'>,
  settings: SlackSettings,
): string | null {
  if (!registration.demo) return settings.apiUrl;
  const base = settings.demoApiUrl ?? settings.apiUrl;
  return isLoopback(base) ? base : null;
}

/**
 * Whether a response URL may be called: it came in a request, and what is sent there is what the person is shown. Slack's
 * own host over https, or the host of the API where that is on this machine.
 */
export function isTrustedResponseUrl(url: string, apiBase: string): boolean {
  const parsed = URL.parse(url);
  const api = URL.parse(apiBase);
  if (parsed === null || api === null || parsed.username !== '' || parsed.password !== '') return false;
  if (isLoopback(apiBase)) return parsed.host === api.host && parsed.protocol === api.protocol;
  return parsed.protocol === 'https:' && parsed.host === hooksHost;
}

/** The consent page: Slack's, or beside the API where that is on this machine. */
export function authorizePageOf(apiBase: string | null): string {
  const isLocal = apiBase !== null && isLoopback(apiBase);
  return new URL(authorizePath, isLocal ? apiBase : defaultApiUrl).href;
}

function isLoopback(url: string): boolean {
  const parsed = URL.parse(url);
  return parsed !== null && isLoopbackHost(parsed.hostname);
}

function baseOf(value: PlatformEnvironment['settings'][string] | undefined): string | null {
  if (typeof value !== 'string' || !URL.canParse(value)) return null;
  return value.endsWith('/') ? value : `${value}/`;
}
