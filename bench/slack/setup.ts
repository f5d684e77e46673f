/** Slack: a signed event of a direct message, beside an echo of Bolt and one of Vercel's Chat SDK. */
import { createPerson, type SlackApp, stableId } from '../../bots/slack/simulator/index.ts';
import type { InboundPlatform, Peer } from '../inbound-platform.ts';

const appId = stableId('A', 'benchmark app');
const signingSecret = 'signing secret of the benchmark app';

/** The app in these organizations. */
export function slackApp(organizations: readonly string[]): SlackApp {
  const installations = organizations.map((organization) => ({
    organization,
    botToken: tokenOf(organization),
  }));
  return { appId, signingSecret, installations };
}

/** The bot's token of a workspace; the peers make it of the workspace's id too. */
function tokenOf(organization: string): string {
  return `xoxb-${organization}`;
}

const shared = { path: '/slack/events', acknowledgesLast: false };
const environmentOf = (platformUrl: string) => ({
  SIGNING_SECRET: signingSecret,
  API_URL: `${platformUrl}/api/`,
});

const bolt: Peer = {
  ...shared,
  id: 'bolt',
  title: 'Bolt ExpressReceiver: echo',
  file: 'bolt-echo.ts',
  bare: true,
  usesDatabase: false,
  environment: ({ platformUrl }) => environmentOf(platformUrl),
};

const chatSdk: Peer = {
  ...shared,
  id: 'chat-sdk',
  title: 'Chat SDK, Slack adapter, PostgreSQL state: echo',
  file: 'chat-sdk-echo.ts',
  bare: false,
  usesDatabase: true,
  environment: ({ platformUrl, databaseUrl }) => ({
    ...environmentOf(platformUrl),
    DATABASE_URL: databaseUrl,
  }),
};

export const slackSetup: InboundPlatform = {
  id: 'slack',
  appId,
  workloads: [
    { id: 'new-ticket', goals: { 1: 0.8, 20: 0.8 } },
    { id: 'my-tickets', goals: { 1: 1, 20: 1 } },
  ],
  peers: [bolt, chatSdk],
  organizationOf: (slug) => stableId('T', `organization ${slug}`),
  platformUserId: (key) => createPerson(key, '').platformUserId,
  registration: (organization) => ({
    options: {},
    credentials: { signing_secret: signingSecret, bot_token: tokenOf(organization) },
  }),
  path: (registrationId) => `/slack/events/${registrationId}`,
  settings: (platformUrl) => ({ DESKBRIDGE_SLACK_API_URL: `${platformUrl}/api/` }),
};
