/** Lark and Feishu in miniature on loopback: people who act on a bot, and what they see of its replies. */
import { type Clock, systemClock } from '../../../src/kernel/ports.ts';
import { tenantScopes } from '../scopes.ts';
import { Chats } from './chats.ts';
import { Delivery } from './delivery.ts';
import { Faults } from './faults.ts';
import { HistoryApi } from './history-api.ts';
import { Identity, type SimulatedApp } from './identity.ts';
import { LarkSimulator } from './lark-simulator.ts';
import { MessagesApi } from './messages-api.ts';
import { OpenApi } from './open-api.ts';
import { Oracle } from './oracle.ts';
import { Directory, type LarkPerson, samplePeople } from './people.ts';
import { Presses } from './press.ts';
import { PublishedLimits } from './published-limits.ts';
import { Scenes } from './scenes.ts';
import { startServer } from './server.ts';
import { UpdateTokens } from './update-tokens.ts';

export { botMenu } from './bot-menu.ts';
export { groupChat, type LarkChat, nextMessageId, personalChat } from './chats.ts';
export { type BotAnswer, type DeliveryOptions, patienceMs, retryScheduleMs } from './delivery.ts';
export { encryptedBody, type SealedEvent, type SealOptions, seal, sealChallenge, sign } from './envelope.ts';
export { menuEvent, messageEvent, type PressFields, pressEvent, type Scene } from './events.ts';
export { botMemberEventV1, chatCreatedEventV1, messageEventV1 } from './events-v1.ts';
export type { Fault, Route } from './faults.ts';
export type { SimulatedApp } from './identity.ts';
export type { LarkSimulator } from './lark-simulator.ts';
export type { OracleEvent, OracleMessage } from './oracle.ts';
export { createPerson, type LarkPerson, samplePeople } from './people.ts';

export interface SimulatorOptions {
  /** Any free port without it. */
  port?: number;
  apps: readonly [SimulatedApp, ...SimulatedApp[]];
  /** tenant_keys. */
  organizations: readonly [string, ...string[]];
  people?: readonly LarkPerson[];
  botName?: string;
  /** Times of events, tokens and messages; the wall clock without it. */
  clock?: Clock;
  /** Refuses what goes beyond the published rate limits, and counts it. */
  enforceLimits?: boolean;
  /** Permissions that the organizations granted; those of the configuration without it. */
  scopes?: readonly string[];
}

/**
 * Starts the platform's side. Runs in any process; the bot is reached over HTTP only.
 * @throws the listener's error, e.g. for a port in use; Error for a custom app in several organizations
 */
export async function startLarkSimulator(options: SimulatorOptions): Promise<LarkSimulator> {
  const clock = options.clock ?? systemClock;
  const identity = new Identity(options.apps, options.organizations, clock);
  const directory = new Directory(options.people ?? samplePeople, options.apps[0].appId);
  const chats = new Chats();
  const oracle = new Oracle();
  const updateTokens = new UpdateTokens(clock);
  const delivery = new Delivery(identity, clock);
  const botName = options.botName ?? 'Deskbridge';
  const limits = new PublishedLimits(clock, options.enforceLimits ?? false);
  const scopes = new Set<string>(options.scopes ?? tenantScopes);
  const messages = new MessagesApi({ chats, directory, oracle, updateTokens, clock, botName, limits });
  const history = new HistoryApi({ chats, directory, oracle, botName, scopes });
  const faults = new Faults();
  const pushTicket = (appId: string) => void simulator.pushTicket(appId);
  const api = new OpenApi({ identity, directory, chats, messages, history, botName, pushTicket });
  const server = await startServer(options.port ?? 0, api, faults);
  const scenes = new Scenes({ clock, identity, directory, chats, oracle, botName });
  const presses = new Presses(delivery, oracle, updateTokens, clock);
  const parts = {
    identity,
    directory,
    chats,
    oracle,
    delivery,
    messages,
    history,
    limits,
    faults,
    server,
    scenes,
    presses,
  };
  const simulator = new LarkSimulator(parts);
  return simulator;
}
