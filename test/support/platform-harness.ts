/** How tests start each platform's simulator and what the product has to be told of it. */

import { startLarkSimulator } from '../../bots/lark/simulator/index.ts';
import { startSlackSimulator } from '../../bots/slack/simulator/index.ts';
import { samplePeople, startTeamsSimulator } from '../../bots/teams/simulator/index.ts';
import { TeamsChat } from '../../bots/teams/simulator/simulated-chat.ts';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { SimulatedChat, SimulatedInstallation } from '../../src/kernel/simulated-chat.ts';
import { startTcpGate, type TcpGate } from './tcp-gate.ts';

export interface HarnessInstallation extends SimulatedInstallation {
  options: JsonObject;
  credentials: JsonObject;
}

export interface PlatformHarness {
  chat: SimulatedChat;
  /** Environment variables that lead the server to the simulator. */
  environment: Record<string, string>;
  /** One app in two organizations. */
  installations: readonly HarnessInstallation[];
  /** What the platform does once it knows the server. */
  ready?(): Promise<void>;
  /** Between the server and the platform, where it was asked for. */
  gate?: TcpGate;
}

const starters: Readonly<Record<string, () => Promise<PlatformHarness>>> = {
  teams: startTeams,
  slack: startSlack,
  lark: startLark,
};

/**
 * @param gated the server reaches the platform through a gate, which can be shut
 * @throws Error for a platform without a simulator: every one has to have one
 */
export async function startHarness(platform: string, gated = false): Promise<PlatformHarness> {
  const start = starters[platform];
  if (start === undefined) throw new Error(`no simulator of ${platform} is known here`);
  const harness = await start();
  return gated ? await behindGate(harness) : harness;
}

/** Leads every address of the environment through the gate; hosts that are allowed stay so. */
async function behindGate(harness: PlatformHarness): Promise<PlatformHarness> {
  const host = /127\.0\.0\.1:\d+/.exec(Object.values(harness.environment).join(' '))?.[0] ?? '';
  const gate = await startTcpGate(Number(host.split(':')[1]));
  const gated = new URL(gate.url(`http://${host}`)).host;
  const environment = Object.fromEntries(
    Object.entries(harness.environment).map(([name, value]) => [
      name,
      value === host ? `${host},${gated}` : value.replaceAll(host, gated),
    ]),
  );
  return { ...harness, environment, gate };
}

async function startTeams(): Promise<PlatformHarness> {
  const appId = 'a0000000-0000-4000-8000-00000000000a';
  const clientSecret = 'secret-of-the-simulated-app';
  const organizations = {
    main: 'b0000000-0000-4000-8000-00000000000b',
    other: 'b0000000-0000-4000-8000-00000000000c',
  };
  const simulator = await startTeamsSimulator({
    botEndpoint: '',
    organization: organizations.main,
    apps: [{ appId, clientSecret }],
    people: samplePeople,
  });
  const installations = Object.entries(organizations).map(([key, organization]) => ({
    key,
    appId,
    organization,
    options: { app_type: 'single_tenant', cloud: 'public' },
    credentials: { client_secret: clientSecret },
  }));
  return {
    chat: new TeamsChat(simulator, installations),
    environment: {
      DESKBRIDGE_TEAMS_OPENID_URL: simulator.openIdUrl,
      DESKBRIDGE_TEAMS_LOGIN_URL: simulator.loginUrl,
      DESKBRIDGE_TEAMS_SERVICE_URL: simulator.firstServiceUrl,
      DESKBRIDGE_TEAMS_SERVICE_HOSTS: new URL(simulator.url).host,
      DESKBRIDGE_GRAPH_API_URL: simulator.graphUrl,
      DESKBRIDGE_GRAPH_LOGIN_URL: simulator.loginUrl,
    },
    installations,
  };
}

async function startSlack(): Promise<PlatformHarness> {
  const appId = 'A0TESTDESK1';
  const signingSecret = 'signing-secret-of-the-simulated-app';
  const organizations = { main: 'T0TESTACME1', other: 'T0TESTGLOB1' };
  const tokenOf = (key: string) => `xoxb-token-for-${key}`;
  const keys = Object.entries(organizations);
  const simulator = await startSlackSimulator({
    apps: [
      {
        appId,
        signingSecret,
        metadataEvents: ['deskbridge_message'],
        installations: keys.map(([key, organization]) => ({ key, organization, botToken: tokenOf(key) })),
      },
    ],
    organizations: keys.map(([name, id]) => ({ id, name })),
  });
  const installations = keys.map(([key, organization]) => ({
    key,
    appId,
    organization,
    options: {},
    credentials: { signing_secret: signingSecret, bot_token: tokenOf(key) },
  }));
  return { chat: simulator, environment: { DESKBRIDGE_SLACK_API_URL: simulator.apiUrl }, installations };
}

/** A store app, since only such a one serves several organizations. */
async function startLark(): Promise<PlatformHarness> {
  const appId = 'cli_testdesk00000001';
  const secrets = {
    appSecret: 'secret-of-the-simulated-app',
    encryptKey: 'encrypt-key-of-the-simulated-app',
    verificationToken: 'verification-token-of-the-app',
  };
  const organizations = { main: 'tenantkeyacme', other: 'tenantkeyglobex' };
  const simulator = await startLarkSimulator({
    apps: [{ appId, type: 'isv', ...secrets }],
    organizations: [organizations.main, organizations.other],
  });
  const installations = simulator.installations.map((installation) => ({
    ...installation,
    options: { app_type: 'isv', domain: 'lark' },
    credentials: {
      app_secret: secrets.appSecret,
      encrypt_key: secrets.encryptKey,
      verification_token: secrets.verificationToken,
    },
  }));
  return {
    chat: simulator,
    environment: { DESKBRIDGE_LARK_API_URL: simulator.url },
    installations,
    ready: async () => void (await simulator.pushTicket(appId)),
  };
}
