/** The process's Teams settings, read once from the untyped record that every platform gets. */
import type { PlatformEnvironment } from '../../src/kernel/platform.ts';

export interface TeamsSettings {
  /** Key document to use instead of the cloud's own. */
  openIdUrl: string | null;
  /** Authority base to use instead of the cloud's own, without a slash at its end. */
  loginUrl: string | null;
  /** Hosts of service URLs that are trusted besides the built-in ones: `host` or `host:port`. */
  serviceHosts: string[];
  /** App that the unauthenticated door on loopback belongs to; null when there is no such door. */
  demoAppId: string | null;
}

/** The settings with their defaults; unknown keys are somebody else's. */
export function readSettings(settings: PlatformEnvironment['settings']): TeamsSettings {
  const hosts = settings.serviceHosts;
  return {
    openIdUrl: textOf(settings.openIdUrl),
    loginUrl: textOf(settings.loginUrl)?.replace(/\/+$/, '') ?? null,
    serviceHosts: Array.isArray(hosts) ? hosts.map((host) => host.toLowerCase()) : [],
    demoAppId: textOf(settings.demoAppId),
  };
}

function textOf(value: PlatformEnvironment['settings'][string] | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
