/** The process's Lark settings, and from them the one host that a registration's calls go to. */
import type { PlatformEnvironment, PlatformRegistration } from '../../src/kernel/platform.ts';
import { isLoopbackHost } from '../shared/loopback.ts';

export interface LarkSettings {
  /** Origin of the Open API to use instead of Feishu's and Lark's own, without a slash at its end. */
  apiUrl: string | null;
  /** The same for registrations of the demo; used on loopback only. */
  demoApiUrl: string | null;
}

/** The settings with their defaults; unknown keys are somebody else's. */
export function readSettings(settings: PlatformEnvironment['settings']): LarkSettings {
  return { apiUrl: urlOf(settings.apiUrl), demoApiUrl: urlOf(settings.demoApiUrl) };
}

/**
 * Origin of the Open API for the registration; null for one of the demo that has none on this machine, which then
 * speaks to nobody. Feishu and Lark are two platforms, with accounts and apps of their own.
 */
export function apiUrlOf(registration: PlatformRegistration, settings: LarkSettings): string | null {
  if (registration.demo) {
    return [settings.apiUrl, settings.demoApiUrl].find((url) => url !== null && isLoopbackUrl(url)) ?? null;
  }
  if (settings.apiUrl !== null) return settings.apiUrl;
  return registration.options.domain === 'lark' ? 'https://open.larksuite.com' : 'https://open.feishu.cn';
}

function isLoopbackUrl(url: string): boolean {
  return isLoopbackHost(new URL(url).hostname);
}

function urlOf(value: PlatformEnvironment['settings'][string] | undefined): string | null {
  if (typeof value !== 'string' || !/^https?:\/\//.test(value) || !URL.canParse(value)) return null;
  return value.replace(/\/+$/, '');
}
