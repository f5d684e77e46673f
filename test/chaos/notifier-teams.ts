/** Teams in the notifier's trials: the connector and Microsoft Graph. */
import { chainIdOf } from '../../bots/teams/feed.ts';
import { resourcePermissions } from '../../bots/teams/graph-permissions.ts';
import {
  channel,
  createPerson,
  groupChat,
  personalChat,
  startTeamsSimulator,
  type TeamsSimulator,
} from '../../bots/teams/simulator/index.ts';
import { TeamsChat } from '../../bots/teams/simulator/simulated-chat.ts';
import type { Clock } from '../../src/kernel/ports.ts';
import {
  commonFaults,
  organizationNumbers,
  peopleKeys,
  placeNames,
  referenceTo,
  type TrialInstallation,
  type TrialPlatform,
  waitSeconds,
} from './notifier-platform.ts';
import type { PlatformFault, WireCall } from './notifier-wire.ts';

const teamsApp = 'a0000000-0000-4000-8000-0000000000aa';

export async function startTeams(clock: Clock): Promise<TrialPlatform> {
  const organizationOf = (number: number) => `b0000000-0000-4000-8000-00000000000${number}`;
  const simulator = await startTeamsSimulator({
    botEndpoint: '',
    organization: organizationOf(0),
    apps: [{ appId: teamsApp, clientSecret: 'client-secret' }],
    people: peopleKeys.map((key) => createPerson(key, key)),
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
    installations: organizationNumbers.map((number) => teamsInstallation(simulator, organizationOf(number))),
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
  ...commonFaults,
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
