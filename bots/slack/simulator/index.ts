/** Slack in miniature on loopback: its Web API, its signed requests to a bot, and what people see of the replies. */
import { type Clock, systemClock } from '../../../src/kernel/ports.ts';
import { maxMessageTextUnits } from './block-limits.ts';
import { Faults } from './faults.ts';
import { ResponseUrls, Triggers } from './handles.ts';
import { metadataPosted } from './metadata-events.ts';
import type { Platform } from './method.ts';
import { Oracle } from './oracle.ts';
import { type SlackApp, type SlackOrganization, type SlackPerson, samplePeople } from './people.ts';
import { PublishedLimits } from './published-limits.ts';
import { Sender } from './sender.ts';
import { startServer } from './server.ts';
import { SlackSimulator } from './simulator.ts';
import { Tokens } from './tokens.ts';
import { Views } from './views.ts';
import { World } from './world.ts';

export { areBlocksTooLong, blockFaults, viewFaults } from './block-limits.ts';
export { eventCallback, messageEvent, nextEventId, typedEvent } from './events.ts';
export type { Fault, Route } from './faults.ts';
export {
  commandForm,
  globalShortcut,
  interactionForm,
  messagePress,
  messageShortcut,
  viewClosed,
  viewPress,
  viewSubmission,
} from './interactions.ts';
export type { Content, OracleEvent, OracleMessage } from './oracle.ts';
export type {
  SlackApp,
  SlackAppInstallation,
  SlackOrganization,
  SlackPerson,
  SlackTeam,
} from './people.ts';
export { createPerson, samplePeople, stableId } from './people.ts';
export { findButtons } from './read-card.ts';
export { type BotAnswer, publishedRetrySchedule, type SendOptions, type SignedRequest } from './sender.ts';
export { sign } from './signature.ts';
export type { SlackSimulator } from './simulator.ts';
export { defaultScopes } from './tokens.ts';
export type { View } from './views.ts';
export { type Installation, type Scene, type SlackConversation, sceneOf, World } from './world.ts';

export interface SimulatorOptions {
  /** Any free port without it. */
  port?: number;
  /** The first installation of the first is who is spoken to unless a call says otherwise. */
  apps: readonly [SlackApp, ...SlackApp[]];
  organizations: readonly SlackOrganization[];
  people?: readonly SlackPerson[];
  /** The bot's address, `{registration}` in it for the registration's id; `connect` sets it too. */
  botEndpoint?: string;
  /** Of tokens, triggers, response URLs, messages and signatures. */
  clock?: Clock;
  /** Milliseconds before each retry of an event that found no 2xx, e.g. `publishedRetrySchedule`; none without it. */
  retrySchedule?: readonly number[];
  /** Longest wait for the bot. Slack gives up after 3 s, tests of faults may need longer: 30 s without it. */
  botTimeoutMs?: number;
  /** How long a modal or App Home page that a gesture asks for may take after the bot's answer: 2 s without it. */
  shownWithinMs?: number;
  /** Calls beyond the published rate limits get 429 and are counted: not without it. */
  enforceLimits?: boolean;
}

/**
 * Starts the platform's side. Runs in any process; the bot is reached over HTTP only.
 * @throws the listener's error, e.g. for a port in use, or Error for options that do not fit together.
 */
export async function startSlackSimulator(options: SimulatorOptions): Promise<SlackSimulator> {
  const clock = options.clock ?? systemClock;
  const world = new World(options.apps, options.organizations, options.people ?? samplePeople);
  const endpoint = options.botEndpoint ?? 'http://127.0.0.1:3978/slack/events/{registration}';
  const sender = new Sender(clock, endpoint, options.botTimeoutMs ?? 30_000, options.retrySchedule ?? []);
  const faults = new Faults();
  const state: Platform = {
    clock,
    world,
    tokens: new Tokens(world, clock),
    oracle: new Oracle(clock),
    views: new Views(clock),
    triggers: new Triggers(clock),
    responseUrls: new ResponseUrls(clock),
    limits: new PublishedLimits(clock, options.enforceLimits ?? false),
    ways: {
      refusals: new Map(),
      dedupesByClientMsgId: false,
      readsByFifteen: false,
      maxBlocksText: maxMessageTextUnits,
    },
    onRevoked: (installation, how) => {
      const where = { installation: installation.key };
      void (how === 'uninstalled' ? simulator.uninstallApp(where) : simulator.revokeTokens(where));
    },
  };
  tellOfMetadata(state, sender);
  const server = await startServer(options.port ?? 0, state, faults);
  const simulator = new SlackSimulator(state, server, sender, faults, options.shownWithinMs ?? 2000);
  return simulator;
}

/** Apps that subscribe to it hear of every message of theirs with metadata. */
function tellOfMetadata({ oracle, world, clock }: Platform, sender: Sender): void {
  oracle.subscribe((message, { kind }) => {
    if (kind !== 'post' || message.installation === null) return;
    const installation = world.installation(message.installation);
    const conversation = world.conversation(message.conversationId);
    if (conversation === null) return;
    const event = metadataPosted(installation, conversation, message, clock.now());
    if (event !== null) void sender.sendEvent(installation, JSON.stringify(event));
  });
}
