/** What the simulator is started with, and who acts in it. */
import type { JsonValue } from '../../../src/kernel/canonical-json.ts';
import type { Clock } from '../../../src/kernel/ports.ts';
import type { SimulatedApp } from './identity.ts';
import type { SimulatedConversation, SimulatedPerson } from './people.ts';

export interface SimulatorOptions {
  /** Any free port without it. */
  port?: number;
  /** The bot's endpoint, e.g. `http://127.0.0.1:3978/api/messages`. */
  botEndpoint: string;
  /** Entra tenant of the people. */
  organization: string;
  /** The first is who is spoken to unless a call says otherwise. */
  apps: [SimulatedApp, ...SimulatedApp[]];
  people?: readonly SimulatedPerson[];
  botName?: string;
  /** Whether activities carry a token and the connector demands one; true unless the first app has no secret. */
  authenticate?: boolean;
  /** Whether calls beyond the published limits are refused, and counted. */
  enforceLimits?: boolean;
  /** The time by which limits and dates of messages go; the system's without it. */
  clock?: Clock;
}

/** Who acts where; everything has a default: the first person, the personal chat, the first app. */
export interface By {
  as?: string | SimulatedPerson;
  conversation?: SimulatedConversation;
  appId?: string;
  organization?: string;
}

export interface SendOptions {
  /** The bearer token; null for none. The authentic one without it. */
  token?: string | null;
  headers?: Record<string, string>;
}

/** What the bot's endpoint answered; status 0 when it did not. */
export interface BotAnswer {
  status: number;
  /** The parsed body; null when it is empty or no JSON. */
  body: JsonValue;
  /** What went wrong when there was no answer, e.g. `ECONNREFUSED`. */
  failure: string | null;
}

/** With the defaults filled in. */
export type Settled = SimulatorOptions & { people: readonly SimulatedPerson[]; authenticate: boolean };
