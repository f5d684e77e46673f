/** The platforms of the notifier's trials: simulators on the trial's clock, one app or two in two organizations. */
import { createPerson as larkPerson, startLarkSimulator } from '../../bots/lark/simulator/index.ts';
import { createPerson as slackPerson, startSlackSimulator } from '../../bots/slack/simulator/index.ts';
import { chainIdOf } from '../../bots/teams/feed.ts';
import { resourcePermissions } from '../../bots/teams/graph-permissions.ts';
import {
  channel,
  groupChat,
  personalChat,
  startTeamsSimulator,
  type TeamsSimulator,
  createPerson as teamsPerson,
} from '../../bots/teams/simulator/index.ts';
import { TeamsChat } from '../../bots/teams/simulator/simulated-chat.ts';
import type { ConversationReference } from '../../src/kernel/activity.ts';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { DestinationType } from '../../src/kernel/notification.ts';
import type { PlatformEnvironment } from '../../src/kernel/platform.ts';
import type { Clock } from '../../src/kernel/ports.ts';
import type { SeenMessage } from '../../src/kernel/simulated-chat.ts';
import type { FarSide, PlatformFault, WireCall } from './notifier-wire.ts';

/** What the organizations let the bot read: nothing, groups and channels, or everything. */
export type Readable = 'nothing' | 'shared' | 'everything';

export interface TrialPlatform extends FarSide {
  id: string;
  settings: PlatformEnvironment['settings'];
  installations: readonly TrialInstallation[];
  /** How people's own posts are addressed. */
  personalTypes: readonly DestinationType[];
  /** Of what the bot said everything that stands now, in the order of posting. */
  seen(): SeenMessage[];
  /** Whether the person's activity feed shows the delivery; of other destinations `seen` tells. */
  feedShows(token: string): boolean;
  letRead(what: Readable): void;
  /** Forgets what was said. */
  clear(): void;
  close(): Promise<void>;
}

export interface TrialInstallation {
  appId: string;
  organization: string;
  options: JsonObject;
  credentials: JsonObject;
  /** The conversation with a person is what the bot knows once it was spoken to. */
  people: readonly { platformUserId: string; reference: ConversationReference }[];
  /** Groups and channels that it is in. */
  places: readonly ConversationReference[];
}

const organizations = 2;
const peopleEach = 20;
const placeNames = ['one', 'two', 'three'];

/** @throws Error for a platform that is not known here: each has to be */
export async function startTrialPlatform(id: string, clock: Clock): Promise<TrialPlatform> {
  const start = starters[id];
  if (start === undefined) throw new Error(`no trials of ${id} are known`);
  return await start(clock);
}

const starters: Readonly<Record<string, (clock: Clock) => Promise<TrialPlatform>>> = {
  lark: startLark,
  slack: startSlack,
  teams: startTeams,
};

const keys = Array.from({ length: peopleEach }, (_, index) => `person-${index}`);
const numbers = Array.from({ length: organizations }, (_, index) => index);

/** Faults as every simulator has them. */
const common = {
  error_before: { kind: 'error_before' },
  error_after: { kind: 'error_after' },
  drop_before: { kind: 'drop_before' },
  drop_after: { kind: 'drop_after' },
} as const;
const waitSeconds = 2;

/** Custom apps, of which each organization has its own. */
async function startLark(clock: Clock): Promise<TrialPlatform> {
  const secrets = { appSecret: 'app-secret', encryptKey: 'encrypt-key', verificationToken: 'token' };
  const apps = numbers.map((number) => ({
    appId: `cli_trial${number}`,
    type: 'custom' as const,
    organizations: [`tenantkey${number}`],
    ...secrets,
  }));
  const [first, ...others] = apps;
  if (first === undefined) throw new Error('there are no apps');
  const simulator = await startLarkSimulator({
    apps: [first, ...others],
    organizations: ['tenantkey0', ...numbers.slice(1).map((number) => `tenantkey${number}`)],
    people: keys.map((key) => larkPerson(key, key)),
    clock,
    enforceLimits: true,
  });
  const faults = {
    ...common,
    throttled_for: { kind: 'throttle', status: 429, resetSeconds: waitSeconds },
    throttled: { kind: 'throttle' },
    conflict: { kind: 'refuse', code: 230020 },
    error_408: { kind: 'refuse', code: 0, status: 408 },
  } as const;
  const routes = { deliver: 'send', open: null, lookUp: 'list', withdraw: 'delete', probe: null } as const;
  return {
    id: 'lark',
    settings: { apiUrl: simulator.url, demoApiUrl: null },
    installations: simulator.installations.map(({ key, appId, organization }) => ({
      appId,
      organization,
      options: { app_type: 'custom', domain: 'lark' },
      credentials: { app_secret: 'app-secret', encrypt_key: 'encrypt-key', verification_token: 'token' },
      people: simulator.peopleOf(key).map((person) => {
        const { chat } = simulator.scene({ as: person.key, installation: key });
        const { platformUserId } = person;
        return { platformUserId, reference: referenceTo('personal', chat.id, organization, platformUserId) };
      }),
      places: placeNames.map((name) => {
        const { chat } = simulator.scene({ installation: key, place: { kind: 'group', name } });
        return referenceTo('group', chat.id, organization);
      }),
    })),
    personalTypes: ['lark_user'],
    seen: () => simulator.postedByBot(),
    feedShows: () => false,
    letRead: () => undefined,
    violations: () => simulator.limits.violations,
    setLimits: (enforced) => {
      simulator.limits.enforced = enforced;
    },
    setFault(call, fault) {
      const route = routes[call];
      if (route === null) return;
      simulator.faults.clear(route);
      if (fault !== null) simulator.faults.set(route, faults[fault], 1);
    },
    clear: () => simulator.clear(),
    close: () => simulator.close(),
  };
}

async function startSlack(clock: Clock): Promise<TrialPlatform> {
  const appId = 'A0TRIALDESK';
  const tokenOf = (number: number) => `xoxb-trial-${number}`;
  const simulator = await startSlackSimulator({
    apps: [
      {
        appId,
        signingSecret: 'signing-secret',
        installations: numbers.map((number) => ({
          key: String(number),
          organization: `T0TRIAL${number}`,
          botToken: tokenOf(number),
        })),
      },
    ],
    organizations: numbers.map((number) => ({ id: `T0TRIAL${number}`, name: `trial ${number}` })),
    people: keys.map((key) => slackPerson(key, key)),
    clock,
    enforceLimits: true,
  });
  const faults = {
    ...common,
    throttled_for: { kind: 'refuse', status: 429, retryAfterSeconds: waitSeconds },
    throttled: { kind: 'error', error: 'ratelimited' },
    conflict: { kind: 'error', error: 'hash_conflict' },
    error_408: { kind: 'refuse', status: 408 },
  } as const;
  const routes = {
    deliver: 'chat.postMessage',
    open: null,
    lookUp: 'conversations.history',
    withdraw: 'chat.delete',
    probe: null,
  } as const;
  const { world } = simulator;
  return {
    id: 'slack',
    settings: { apiUrl: simulator.apiUrl, publicUrl: 'http://127.0.0.1', demoApiUrl: null },
    installations: world.installations.map((installation, number) => ({
      appId,
      organization: installation.organization,
      options: {},
      credentials: { signing_secret: 'signing-secret', bot_token: tokenOf(number) },
      people: simulator.people.map((person) => {
        const { platformUserId } = person;
        const { id } = world.personalChat(installation, person);
        return {
          platformUserId,
          reference: referenceTo('personal', id, installation.organization, platformUserId),
        };
      }),
      places: placeNames.map((name, index) => {
        const kind = index === 0 ? 'group' : 'channel';
        const place = world.shared(installation, kind, name);
        place.members.add(installation.botUserId);
        return referenceTo(kind, place.id, installation.organization);
      }),
    })),
    personalTypes: ['slack_dm'],
    seen: () => simulator.postedByBot(),
    feedShows: () => false,
    letRead: () => undefined,
    violations: () => simulator.limits.violations,
    setLimits: (enforced) => {
      simulator.limits.enforced = enforced;
    },
    setFault(call, fault) {
      const route = routes[call];
      if (route === null) return;
      simulator.faults.clear(route);
      if (fault !== null) simulator.faults.set(route, faults[fault], 1);
    },
    clear: () => simulator.oracle.clear(),
    close: () => simulator.close(),
  };
}

const teamsApp = 'a0000000-0000-4000-8000-0000000000aa';

async function startTeams(clock: Clock): Promise<TrialPlatform> {
  const organizationOf = (number: number) => `b0000000-0000-4000-8000-00000000000${number}`;
  const simulator = await startTeamsSimulator({
    botEndpoint: '',
    organization: organizationOf(0),
    apps: [{ appId: teamsApp, clientSecret: 'client-secret' }],
    people: keys.map((key) => teamsPerson(key, key)),
    clock,
    enforceLimits: true,
  });
  const chat = new TeamsChat(simulator, []);
  return {
    id: 'teams',
    settings: {
      loginUrl: simulator.loginUrl,
      serviceHosts: [new URL(simulator.url).host],
      serviceUrl: simulator.firstServiceUrl,
      graphApiUrl: simulator.graphUrl,
      graphLoginUrl: simulator.loginUrl,
    },
    installations: numbers.map((number) => teamsInstallation(simulator, organizationOf(number))),
    personalTypes: ['teams_chat', 'teams_feed'],
    seen: () => chat.postedByBot(),
    feedShows: (token) => simulator.feed.entries().some(({ chainId }) => chainId === chainIdOf(token)),
    letRead(what) {
      const { grants } = simulator.world;
      for (const permission of readPermissions) {
        if (what === 'nothing') grants.delete(permission);
        else grants.add(permission);
      }
      simulator.identity.graphRoles = what === 'everything' ? ['Chat.Read.All'] : [];
    },
    violations: () => simulator.limits.violations,
    setLimits: (enforced) => {
      simulator.limits.enforced = enforced;
    },
    setFault: (call, fault) => setTeamsFault(simulator, call, fault),
    clear() {
      simulator.oracle.clear();
      simulator.feed.clear();
    },
    close: () => simulator.close(),
  };
}

const readPermissions = resourcePermissions.filter((permission) => permission.includes('Message.Read.'));

function teamsInstallation(simulator: TeamsSimulator, organization: string): TrialInstallation {
  const serviceUrl = simulator.serviceUrlOf(organization);
  const own = { serviceUrl, botId: `28:${teamsApp}` };
  return {
    appId: teamsApp,
    organization,
    options: { app_type: 'single_tenant', cloud: 'public' },
    credentials: { client_secret: 'client-secret' },
    people: simulator.people.map((person) => {
      const { aadObjectId: platformUserId } = person;
      const conversation = personalChat(person, teamsApp, organization);
      simulator.world.open(conversation);
      const reference = referenceTo('personal', conversation.id, organization, platformUserId);
      return { platformUserId, reference: { ...reference, ...own } };
    }),
    places: placeNames.map((name, index) => {
      const unique = `${name} ${organization}`;
      const conversation = index === 0 ? groupChat(unique) : channel(unique);
      simulator.world.open(conversation);
      const type = index === 0 ? 'group' : 'channel';
      // Some activities name the team by Graph's id, some by the connector's.
      const channelId = (index === 1 ? conversation.teamId : conversation.groupId) ?? null;
      return { ...referenceTo(type, conversation.id, organization), ...own, channelId };
    }),
  };
}

const teamsFaults = {
  ...common,
  throttled_for: { kind: 'refuse', status: 429, retryAfterSeconds: waitSeconds },
  throttled: { kind: 'refuse', status: 429 },
  conflict: { kind: 'refuse', status: 412, code: 'PreconditionFailed' },
  error_408: { kind: 'refuse', status: 408 },
} as const;
const teamsRoutes = {
  deliver: ['send', 'feed'],
  open: ['create_conversation'],
  lookUp: ['channel_messages', 'chat_messages'],
  withdraw: ['delete'],
  probe: [],
} as const;

function setTeamsFault(simulator: TeamsSimulator, call: WireCall, fault: PlatformFault | null): void {
  for (const route of teamsRoutes[call]) {
    simulator.faults.clear(route);
    // Another operation of the same chat is the connector's; to Graph 412 says something else.
    const isGraph = route === 'feed' || call === 'lookUp';
    const met = fault === 'conflict' && isGraph ? 'throttled' : fault;
    if (met !== null) simulator.faults.set(route, teamsFaults[met], 1);
  }
}

function referenceTo(
  type: ConversationReference['type'],
  platformConversationId: string,
  organization: string,
  platformUserId: string | null = null,
): ConversationReference {
  return {
    platformConversationId,
    type,
    organization,
    platformUserId,
    serviceUrl: null,
    botId: null,
    channelId: null,
    threadId: null,
    locale: null,
  };
}
