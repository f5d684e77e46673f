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
  /** Connector to begin with where no conversation told its own yet, instead of the cloud's. */
  serviceUrl: string | null;
  /** Graph with its version to use instead of the cloud's own, without a slash at its end. */
  graphApiUrl: string | null;
  /** Authority base of Graph's tokens to use instead of the cloud's own, without a slash at its end. */
  graphLoginUrl: string | null;
  /** The same two for registrations of the demo, on loopback; null: the demo has none. */
  demoServiceUrl: string | null;
  demoGraphUrl: string | null;
}

/** The settings with their defaults; unknown keys are somebody else's. */
export function readSettings(settings: PlatformEnvironment['settings']): TeamsSettings {
  const hosts = settings.serviceHosts;
  return {
    openIdUrl: textOf(settings.openIdUrl),
    loginUrl: baseOf(settings.loginUrl),
    serviceHosts: Array.isArray(hosts) ? hosts.map((host) => host.toLowerCase()) : [],
    demoAppId: textOf(settings.demoAppId),
    serviceUrl: textOf(settings.serviceUrl),
    graphApiUrl: baseOf(settings.graphApiUrl),
    graphLoginUrl: baseOf(settings.graphLoginUrl),
    demoServiceUrl: textOf(settings.demoServiceUrl),
    demoGraphUrl: baseOf(settings.demoGraphUrl),
  };
}

/** Ready to take a path. */
function baseOf(value: PlatformEnvironment['settings'][string] | undefined): string | null {
  return textOf(value)?.replace(/\/+$/, '') ?? null;
}

function textOf(value: PlatformEnvironment['settings'][string] | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
