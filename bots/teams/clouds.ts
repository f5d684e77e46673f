/** Microsoft's clouds as Teams bots meet them: issuers, key documents, authorities and scopes. */
import type { JsonObject } from '../../src/kernel/canonical-json.ts';

export const cloudIds = ['public', 'gcch', 'dod'] as const;
export type CloudId = (typeof cloudIds)[number];

export interface Cloud {
  /** `iss` of the tokens that the connector sends to bots. */
  issuer: string;
  /** OpenID document that names the connector's signing keys. */
  openIdUrl: string;
  /** Base of the authority that gives a bot its own tokens. */
  loginUrl: string;
  /** Authority of bots that are registered as multi-tenant. */
  multiTenantAuthority: string;
  /** Scope of a token for the connector. */
  scope: string;
  /** The connector's address for conversations of which nobody has told ours yet. */
  serviceUrl: string;
  /** Microsoft Graph with its version. */
  graphUrl: string;
  /** Scope of a token for Graph. */
  graphScope: string;
  /** Where links into Teams lead. */
  webUrl: string;
}

/** What GCC High and DoD share. */
const usGovernment = {
  issuer: 'https://api.botframework.us',
  openIdUrl: 'https://login.botframework.azure.us/v1/.well-known/openidconfiguration',
  loginUrl: 'https://login.microsoftonline.us',
  multiTenantAuthority: 'MicrosoftServices.onmicrosoft.us',
  scope: 'https://api.botframework.us/.default',
};

/**
 * Sources: `AuthenticationConstants` and `GovernmentConstants` of botframework-connector 4.23.3; the Teams SDK's cloud
 * presets; `TeamsServiceEndpoints` of the Microsoft 365 Agents SDK (microsoft.github.io/Agents-for-js);
 * https://learn.microsoft.com/graph/deployments.
 */
export const clouds: Record<CloudId, Cloud> = {
  public: {
    issuer: 'https://api.botframework.com',
    openIdUrl: 'https://login.botframework.com/v1/.well-known/openidconfiguration',
    loginUrl: 'https://login.microsoftonline.com',
    multiTenantAuthority: 'botframework.com',
    scope: 'https://api.botframework.com/.default',
    serviceUrl: 'https://smba.trafficmanager.net/teams',
    graphUrl: 'https://graph.microsoft.com/v1.0',
    graphScope: 'https://graph.microsoft.com/.default',
    webUrl: 'https://teams.microsoft.com',
  },
  gcch: {
    ...usGovernment,
    serviceUrl: 'https://smba.infra.gov.teams.microsoft.us/teams',
    graphUrl: 'https://graph.microsoft.us/v1.0',
    graphScope: 'https://graph.microsoft.us/.default',
    webUrl: 'https://gov.teams.microsoft.us',
  },
  dod: {
    ...usGovernment,
    serviceUrl: 'https://smba.infra.dod.teams.microsoft.us/teams',
    graphUrl: 'https://dod-graph.microsoft.us/v1.0',
    graphScope: 'https://dod-graph.microsoft.us/.default',
    webUrl: 'https://dod.teams.microsoft.us',
  },
};

/** The cloud that a registration's options name; `public` where they name none. */
export function cloudOf(options: JsonObject): Cloud {
  const id = cloudIds.find((known) => known === options.cloud) ?? 'public';
  return clouds[id];
}

/** The cloud whose connector signs as this issuer; null for any other issuer. */
export function cloudOfIssuer(issuer: string): Cloud | null {
  return Object.values(clouds).find((cloud) => cloud.issuer === issuer) ?? null;
}
