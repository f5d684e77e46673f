/** The platforms in miniature for the notifier's benchmark: one organization each, whose people the bot writes to. */
import { lark } from '../../bots/lark/index.ts';
import { createPerson as larkPerson, startLarkSimulator } from '../../bots/lark/simulator/index.ts';
import { slack } from '../../bots/slack/index.ts';
import { createPerson as slackPerson, startSlackSimulator } from '../../bots/slack/simulator/index.ts';
import { teams } from '../../bots/teams/index.ts';
import { startTeamsSimulator, createPerson as teamsPerson } from '../../bots/teams/simulator/index.ts';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { BotPlatform, PlatformEnvironment } from '../../src/kernel/platform.ts';
import type { InboundPlatform } from '../inbound-platform.ts';
import { larkApp, larkSetup } from '../lark/setup.ts';
import { slackApp, slackSetup } from '../slack/setup.ts';
import { teamsApp, teamsSetup } from '../teams/setup.ts';
import { personKeys } from './world.ts';

export const simulatedSlug = 'simulated';

/** Calls a second of each limit, by its name: more than anything here makes. */
const wideRate = 1_000_000;

export interface SimulatedPlatform {
  platform: BotPlatform;
  setup: InboundPlatform;
  /** Starts its simulator. @returns what the platform's runtime is told of it */
  start(people: number): Promise<PlatformEnvironment['settings']>;
}

const simulated: readonly SimulatedPlatform[] = [
  {
    platform: teams,
    setup: teamsSetup,
    async start(people) {
      const simulator = await startTeamsSimulator({
        botEndpoint: '',
        organization: teamsSetup.organizationOf(simulatedSlug),
        apps: [teamsApp],
        people: personKeys(simulatedSlug, people).map((key) => teamsPerson(key, 'Person')),
      });
      return {
        openIdUrl: simulator.openIdUrl,
        loginUrl: simulator.loginUrl,
        serviceHosts: [new URL(simulator.url).host],
        serviceUrl: simulator.url,
        graphApiUrl: simulator.graphUrl,
        graphLoginUrl: simulator.loginUrl,
      };
    },
  },
  {
    platform: slack,
    setup: slackSetup,
    async start(people) {
      const id = slackSetup.organizationOf(simulatedSlug);
      const simulator = await startSlackSimulator({
        apps: [slackApp([id])],
        organizations: [{ id, name: simulatedSlug }],
        people: personKeys(simulatedSlug, people).map((key) => slackPerson(key, 'Person')),
      });
      return { apiUrl: simulator.apiUrl };
    },
  },
  {
    platform: lark,
    // A custom app: one of the store would wait for a ticket first.
    setup: {
      ...larkSetup,
      registration: (organization) => {
        const { options, credentials } = larkSetup.registration(organization);
        return { options: { ...options, app_type: 'custom' }, credentials };
      },
    },
    async start(people) {
      const simulator = await startLarkSimulator({
        apps: [{ ...larkApp, type: 'custom' }],
        organizations: [larkSetup.organizationOf(simulatedSlug)],
        people: personKeys(simulatedSlug, people).map((key) => larkPerson(key, 'Person')),
      });
      return { apiUrl: simulator.url };
    },
  },
];

/** @throws Error for a platform without a simulator here */
export function simulatedPlatform(id: string): SimulatedPlatform {
  const found = simulated.find(({ platform }) => platform.id === id);
  if (found === undefined) throw new Error(`no simulator of ${id} is known here`);
  return found;
}

/** A registration's `limits` that never bind. */
export function wideOverrides(platform: BotPlatform): JsonObject {
  return Object.fromEntries(platform.limits.map(({ name }) => [name, wideRate]));
}
