/** Teams: an authentic token of the connector, beside an echo of the Bot Framework SDK. */
import { createPerson, stableGuid } from '../../bots/teams/simulator/people.ts';
import type { InboundPlatform } from '../inbound-platform.ts';

const appId = stableGuid('benchmark app');
const clientSecret = 'secret of the benchmark app';

export const teamsApp = { appId, clientSecret };

export const teamsSetup: InboundPlatform = {
  id: 'teams',
  appId,
  workloads: [{ id: 'new-ticket', goals: { 1: 1, 20: 1 } }],
  peers: [
    {
      id: 'botbuilder',
      title: 'botbuilder CloudAdapter: echo',
      file: 'botbuilder-echo.ts',
      path: '/api/messages',
      bare: true,
      acknowledgesLast: true,
      usesDatabase: false,
      environment: ({ platformUrl }) => ({
        APP_ID: appId,
        APP_SECRET: clientSecret,
        TENANT_ID: appId,
        OPENID_URL: `${platformUrl}/openid`,
      }),
    },
  ],
  organizationOf: (slug) => stableGuid(`organization ${slug}`),
  platformUserId: (key) => createPerson(key, '').aadObjectId,
  registration: () => ({
    options: { app_type: 'single_tenant', cloud: 'public' },
    credentials: { client_secret: clientSecret },
  }),
  path: () => '/api/messages',
  settings: (platformUrl) => ({
    DESKBRIDGE_TEAMS_OPENID_URL: `${platformUrl}/openid`,
    DESKBRIDGE_TEAMS_LOGIN_URL: `${platformUrl}/login`,
    DESKBRIDGE_TEAMS_SERVICE_HOSTS: new URL(platformUrl).host,
  }),
};
