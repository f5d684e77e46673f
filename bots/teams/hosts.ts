/** Which hosts may be called: those of service URLs, by the one list that inbound checks share, and Graph's. */
import type { PlatformRegistration } from '../../src/kernel/platform.ts';
import { isLoopbackHost } from '../shared/loopback.ts';
import { cloudOf } from './clouds.ts';
import type { TeamsSettings } from './settings.ts';

/**
 * Exact hosts of the Teams connector. No wildcard: anyone can register a name below `trafficmanager.net`.
 * Public, GCC, GCC High and DoD, in this order; source: `TeamsServiceEndpoints` of the Microsoft 365 Agents SDK
 * (microsoft.github.io/Agents-for-js) and Microsoft's page on proactive messages.
 */
export const teamsServiceHosts: readonly string[] = [
  'smba.trafficmanager.net',
  'smba.infra.gcc.teams.microsoft.com',
  'smba.infra.gov.teams.microsoft.us',
  'smba.infra.dod.teams.microsoft.us',
];

/** Longest service URL that is looked at; real ones have about 80 characters. */
const maxUrlLength = 500;

/** The service URL if it is plain enough to be called at all: http(s), no user, query or fragment. */
export function parseServiceUrl(text: string): URL | null {
  const url = text.length > maxUrlLength ? null : URL.parse(text);
  if (url === null) return null;
  const plain = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  return plain && (url.protocol === 'https:' || url.protocol === 'http:') ? url : null;
}

/**
 * Whether a service URL may be believed and called: https on a host of the list or of `extraHosts`
 * (`host` or `host:port`, compared exactly), plain http only on a loopback host that `extraHosts` names.
 */
export function isTrustedServiceUrl(url: URL, extraHosts: readonly string[]): boolean {
  const listed = extraHosts.includes(url.host) || extraHosts.includes(url.hostname);
  if (url.protocol === 'http:') return listed && isLoopbackHost(url.hostname);
  return listed || (url.port === '' && teamsServiceHosts.includes(url.hostname));
}

/** Whether two service URLs are one: equal in normal form but for slashes at the end. */
export function sameServiceUrl(one: URL, other: URL): boolean {
  return withoutTrailingSlash(one) === withoutTrailingSlash(other);
}

/** The URL without slashes at its end, ready to take a path. */
export function withoutTrailingSlash(url: URL): string {
  let end = url.href.length;
  while (url.href.charAt(end - 1) === '/') end -= 1;
  return url.href.slice(0, end);
}

/**
 * The connector's address, ready to take a path; checked anew at every call, so that no token ever leaves for another
 * host. Registrations of the demo call loopback only. Null when it may not be called.
 * @param serviceUrl null: that for conversations which nobody told it of
 */
export function connectorUrl(
  registration: PlatformRegistration,
  serviceUrl: string | null,
  settings: TeamsSettings,
): string | null {
  const text = serviceUrl ?? firstServiceUrl(registration, settings);
  const url = text === null ? null : parseServiceUrl(text);
  if (url === null) return null;
  if (registration.demo) return isLoopbackHost(url.hostname) ? withoutTrailingSlash(url) : null;
  return isTrustedServiceUrl(url, settings.serviceHosts) ? withoutTrailingSlash(url) : null;
}

/** Graph with its version, ready to take a path; null where the demo has none on loopback. */
export function graphUrl(registration: PlatformRegistration, settings: TeamsSettings): string | null {
  if (!registration.demo) return settings.graphApiUrl ?? cloudOf(registration.options).graphUrl;
  const url = settings.demoGraphUrl === null ? null : URL.parse(settings.demoGraphUrl);
  return url !== null && isLoopbackHost(url.hostname) ? withoutTrailingSlash(url) : null;
}

function firstServiceUrl(registration: PlatformRegistration, settings: TeamsSettings): string | null {
  if (registration.demo) return settings.demoServiceUrl;
  return settings.serviceUrl ?? cloudOf(registration.options).serviceUrl;
}
