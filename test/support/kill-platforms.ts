/** How each platform is simulated for crash trials: one app in several organizations, another app in the last one. */
import { createPerson as createLarkPerson, startLarkSimulator } from '../../bots/lark/simulator/index.ts';
import {
  createPerson as createSlackPerson,
  stableId,
  startSlackSimulator,
} from '../../bots/slack/simulator/index.ts';
import {
  createPerson as createTeamsPerson,
  stableGuid,
  startTeamsSimulator,
} from '../../bots/teams/simulator/index.ts';
import { TeamsChat } from '../../bots/teams/simulator/simulated-chat.ts';
import type { SimulatedChat, SimulatedPerson } from '../../src/kernel/simulated-chat.ts';
import { type FaultSwitch, faultSwitch } from './fault-switch.ts';
import type { HarnessInstallation } from './platform-harness.ts';

/** One tenant before it exists: a name that its ids are made from, and its people. */
export interface PlannedTenant {
  slug: string;
  people: readonly { key: string; name: string }[];
}

/** What the platform makes of gestures, as far as it decides who repeats what and where people look for the reply. */
export interface DeliveryRules {
  /** The command gesture is a message as any other, or a request that waits for its answer. */
  command: 'message' | 'request';
  /** The platform itself repeats requests that got no answer; elsewhere it is the person who may press again. */
  repeatsRequests: boolean;
  /** A press is answered in its response, or by a message or update after it. */
  press: 'answer' | 'message';
  /** A form opens for the person who pressed, or comes as a message. */
  form: 'answer' | 'message';
}

/** One organization's installation, with its people as its app knows them. */
export interface KillInstallation extends HarnessInstallation {
  people: readonly SimulatedPerson[];
}

export interface KillPlatform {
  chat: SimulatedChat;
  /** Environment variables that lead the server to the simulator. */
  environment: Record<string, string>;
  /** One a tenant, in their order. */
  installations: readonly KillInstallation[];
  rules: DeliveryRules;
  faults: FaultSwitch;
  /** What the platform tells the server when it answers for the first time. */
  introduce?(): Promise<void>;
}

/** By platform id. */
export const deliveryRules = {
  teams: { command: 'message', repeatsRequests: true, press: 'answer', form: 'answer' },
  slack: { command: 'request', repeatsRequests: false, press: 'message', form: 'answer' },
  lark: { command: 'message', repeatsRequests: false, press: 'answer', form: 'message' },
} as const satisfies Record<string, DeliveryRules>;

type Tenants = readonly [PlannedTenant, ...PlannedTenant[]];

const starters: Readonly<Record<string, (tenants: Tenants) => Promise<KillPlatform>>> = {
  teams: startTeams,
  slack: startSlack,
  lark: startLark,
};

/** @throws Error for a platform without a simulator, and without tenants */
export async function startKillPlatform(
  platform: string,
  tenants: readonly PlannedTenant[],
): Promise<KillPlatform> {
  const start = starters[platform];
  const [first, ...others] = tenants;
  if (start === undefined) throw new Error(`no simulator of ${platform} is known here`);
  if (first === undefined) throw new Error('there are no tenants');
  return await start([first, ...others]);
}

/** The app of a tenant: of several tenants the last has one of its own. */
function appNumber(tenants: Tenants, index: number): 0 | 1 {
  return tenants.length > 1 && index === tenants.length - 1 ? 1 : 0;
}

async function startTeams(tenants: Tenants): Promise<KillPlatform> {
  const app = (number: 0 | 1) => ({
    appId: stableGuid(`app ${number}`),
    clientSecret: `secret of ${number}`,
  });
  const planned = tenants.map(({ slug, people }, index) => ({
    key: slug,
    ...app(appNumber(tenants, index)),
    organization: stableGuid(`organization ${slug}`),
    people: people.map(({ key, name }) => createTeamsPerson(key, name)),
  }));
  const simulator = await startTeamsSimulator({
    botEndpoint: '',
    organization: stableGuid(`organization ${tenants[0].slug}`),
    apps: [app(0), app(1)],
    people: planned.flatMap(({ people }) => people),
  });
  const chat = new TeamsChat(
    simulator,
    planned.map(({ key, appId, organization }) => ({ key, appId, organization })),
  );
  return {
    chat,
    environment: {
      DESKBRIDGE_TEAMS_OPENID_URL: simulator.openIdUrl,
      DESKBRIDGE_TEAMS_LOGIN_URL: simulator.loginUrl,
      DESKBRIDGE_TEAMS_SERVICE_URL: simulator.firstServiceUrl,
      DESKBRIDGE_GRAPH_API_URL: simulator.graphUrl,
      DESKBRIDGE_GRAPH_LOGIN_URL: simulator.loginUrl,
      DESKBRIDGE_TEAMS_SERVICE_HOSTS: new URL(simulator.url).host,
    },
    installations: planned.map(({ clientSecret, people, ...installation }) => ({
      ...installation,
      options: { app_type: 'single_tenant', cloud: 'public' },
      credentials: { client_secret: clientSecret },
      people: chat.people.filter(({ key }) => people.some((person) => person.key === key)),
    })),
    rules: deliveryRules.teams,
    faults: faultSwitch(simulator.faults, {
      routes: { post: ['send'], update: ['update'] },
      throttled: { kind: 'refuse', status: 429, retryAfterSeconds: 1 },
      refused: { kind: 'refuse', status: 412 },
    }),
  };
}

async function startSlack(tenants: Tenants): Promise<KillPlatform> {
  const app = (number: 0 | 1) => ({
    appId: stableId('A', `app ${number}`),
    signingSecret: `signing secret of ${number}`,
  });
  const planned = tenants.map(({ slug, people }, index) => {
    const organization = stableId('T', slug);
    return {
      key: slug,
      number: appNumber(tenants, index),
      organization,
      botToken: `xoxb-${slug}`,
      people: people.map(({ key, name }) => ({ ...createSlackPerson(key, name), teams: [organization] })),
    };
  });
  const appWith = (number: 0 | 1) => ({
    ...app(number),
    installations: planned.filter((installation) => installation.number === number),
  });
  const simulator = await startSlackSimulator({
    apps: [appWith(0), appWith(1)],
    organizations: planned.map(({ key, organization }) => ({ id: organization, name: key })),
    people: planned.flatMap(({ people }) => people),
  });
  return {
    chat: simulator,
    environment: { DESKBRIDGE_SLACK_API_URL: simulator.apiUrl },
    installations: planned.map(({ key, number, organization, botToken, people }) => ({
      key,
      appId: app(number).appId,
      organization,
      options: {},
      credentials: { signing_secret: app(number).signingSecret, bot_token: botToken },
      people,
    })),
    rules: deliveryRules.slack,
    faults: faultSwitch(simulator.faults, {
      routes: { post: ['chat.postMessage'], update: ['chat.update', 'response_url'] },
      throttled: { kind: 'refuse', status: 429, retryAfterSeconds: 1 },
      refused: { kind: 'error', error: 'service_unavailable' },
    }),
  };
}

/** The shared app is one of the store, which gets its tokens by tickets; the other is the organization's own. */
async function startLark(tenants: Tenants): Promise<KillPlatform> {
  const app = (number: 0 | 1) => ({
    appId: `cli_killtrials${number}`,
    appSecret: `app secret of ${number}`,
    encryptKey: `encrypt key of ${number}`,
    verificationToken: `verification token of ${number}`,
    type: number === 0 ? ('isv' as const) : ('custom' as const),
  });
  const planned = tenants.map(({ slug, people }, index) => ({
    number: appNumber(tenants, index),
    organization: `key-of-${slug}`,
    people: people.map(({ key, name }) => createLarkPerson(key, name)),
  }));
  const organizationsOf = (number: 0 | 1) =>
    planned.filter((tenant) => tenant.number === number).map(({ organization }) => organization);
  const own = organizationsOf(1);
  const simulator = await startLarkSimulator({
    apps: [
      { ...app(0), organizations: organizationsOf(0) },
      ...(own.length === 0 ? [] : [{ ...app(1), organizations: own }]),
    ],
    organizations: [`key-of-${tenants[0].slug}`, ...planned.slice(1).map(({ organization }) => organization)],
    people: planned.flatMap(({ people }) => people),
  });
  const installations = planned.map(({ number, organization, people }) => {
    const { appId, appSecret, encryptKey, verificationToken, type } = app(number);
    const key = simulator.installations.find((one) => one.organization === organization)?.key ?? '';
    const mine = simulator.peopleOf(key).filter((one) => people.some((person) => person.key === one.key));
    const credentials = {
      app_secret: appSecret,
      encrypt_key: encryptKey,
      verification_token: verificationToken,
    };
    return {
      key,
      appId,
      organization,
      options: { app_type: type, domain: 'lark' },
      credentials,
      people: mine,
    };
  });
  return {
    chat: simulator,
    environment: { DESKBRIDGE_LARK_API_URL: simulator.url },
    installations,
    rules: deliveryRules.lark,
    faults: faultSwitch(simulator.faults, {
      routes: { post: ['send', 'reply'], update: ['update'] },
      throttled: { kind: 'throttle', resetSeconds: 1 },
      refused: { kind: 'refuse', code: 230020 },
    }),
    introduce: async () => {
      const answer = await simulator.pushTicket(app(0).appId);
      if (answer?.status !== 200) throw new Error(`the app ticket was answered with ${answer?.status}`);
    },
  };
}
