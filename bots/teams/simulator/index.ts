/** Microsoft Teams in miniature on loopback: the connector, Microsoft Graph, and the people before their clients. */
import { systemClock } from '../../../src/kernel/ports.ts';
import { ActivityFeed } from './activity-feed.ts';
import { Connector } from './connector.ts';
import { Faults } from './faults.ts';
import { Graph } from './graph.ts';
import { Identity } from './identity.ts';
import type { SimulatorOptions } from './options.ts';
import { Oracle } from './oracle.ts';
import { samplePeople } from './people.ts';
import { PublishedLimits } from './published-limits.ts';
import { startServer } from './server.ts';
import { TeamsSimulator } from './teams-simulator.ts';
import { World } from './world.ts';

export type { FeedEntry } from './activity-feed.ts';
export { buttonsOf, cardOf } from './cards.ts';
export type { Fault, Route } from './faults.ts';
export type { SimulatedApp, TokenOptions } from './identity.ts';
export type { BotAnswer, By, SendOptions, SimulatorOptions } from './options.ts';
export type { OracleEvent, OracleMessage } from './oracle.ts';
export type { SimulatedConversation, SimulatedPerson } from './people.ts';
export { channel, createPerson, groupChat, personalChat, samplePeople, stableGuid } from './people.ts';
export { TeamsSimulator } from './teams-simulator.ts';

/**
 * Starts the platform's side. Runs in any process; the bot is reached over HTTP only.
 * @throws the listener's error, e.g. for a port in use.
 */
export async function startTeamsSimulator(options: SimulatorOptions): Promise<TeamsSimulator> {
  const clock = options.clock ?? systemClock;
  const people = options.people ?? samplePeople;
  const authenticate = options.authenticate ?? options.apps[0].clientSecret !== null;
  const identity = await Identity.create(options.apps);
  const oracle = new Oracle(clock);
  const feed = new ActivityFeed(clock);
  const faults = new Faults();
  const limits = new PublishedLimits(clock, options.enforceLimits ?? false);
  const world = new World(people, options.organization);
  const shared = { oracle, identity, world, limits, requireToken: authenticate };
  const connector = new Connector(shared);
  const graph = new Graph({ ...shared, feed });
  const server = await startServer(options.port ?? 0, { identity, connector, graph, faults });
  const parts = { server, identity, world, oracle, feed, limits, faults };
  return new TeamsSimulator({ ...options, people, authenticate }, parts);
}
