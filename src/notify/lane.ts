/** What the parts of a lane's owner share: the lease, what the lane sends by, and what they are given. */
import type { Database, TransactionOptions } from '../infra/database.ts';
import type { ConversationReference } from '../kernel/activity.ts';
import type { PlatformAddressing } from '../kernel/notification.ts';
import type { BotRuntime, PlatformRegistration } from '../kernel/platform.ts';
import type { Log } from '../kernel/ports.ts';
import type { RateLimit } from '../kernel/rate-limit.ts';
import type { InFlight } from './in-flight.ts';
import type { MessageComposer } from './message-composer.ts';
import type { SharedLimits } from './shared-limits.ts';
import type { NotifierTime } from './time.ts';

/** Where a test lets a worker die. */
export const failpoints = [
  'before_load',
  'before_intent',
  'after_intent',
  'before_wire',
  'after_wire',
  'before_outcome',
  'after_outcome',
  'before_look_up',
  'after_look_up',
] as const;
export type Failpoint = (typeof failpoints)[number];

export interface LaneDependencies {
  database: Database;
  time: NotifierTime;
  log: Log;
  inFlight: InFlight;
  composer: MessageComposer;
  shared: SharedLimits;
  /** From 0 to 1, for jitter. */
  random: () => number;
  failpoint?: (point: Failpoint) => Promise<void> | void;
  observe: LaneObserver;
}

/** What metrics are made of. */
export interface LaneObserver {
  /** Deliveries ended; `latencyMs` from when one was due to the wire, where it was sent. */
  ended(platform: string, status: string, errorCode: string | null, latencyMs: number | null): void;
  throttled(platform: string): void;
}

/** The lane as it was leased. Its id is the registration's. */
export interface LeasedLane {
  laneId: string;
  tenantId: string;
  platform: string;
  epoch: number;
  owner: string;
}

/** What the lane sends by; read anew from time to time. */
export interface LaneChannel {
  /** Null: the registration is not live. */
  registration: PlatformRegistration | null;
  tenantActive: boolean;
  runtime: BotRuntime;
  addressing: PlatformAddressing;
  limits: readonly RateLimit[];
}

/** Where a reply went. */
export type RepliedTo = Pick<ConversationReference, 'type' | 'platformConversationId' | 'platformUserId'>;

/** How the transactions of a lane's owner run: another owner must not wait for one that stands still. */
export const laneTransaction: TransactionOptions = { fixedPlans: true, idleLimitMs: 5_000 };

/** A call is given up after this, milliseconds. */
export const callTimeoutMs = 5_000;
