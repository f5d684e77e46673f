/** A platform of the notifier's trials, whichever it is: what it has in it, and how it is told to fail. */
import type { ConversationReference } from '../../src/kernel/activity.ts';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { DestinationType } from '../../src/kernel/notification.ts';
import type { PlatformEnvironment } from '../../src/kernel/platform.ts';
import type { SeenMessage } from '../../src/kernel/simulated-chat.ts';
import type { FarSide } from './notifier-wire.ts';

/** What the organizations let the bot read, where that can be told: nothing, groups and channels, or everything. */
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

/** Organizations, each a tenant with a lane of its own. */
export const organizationNumbers: readonly number[] = [0, 1];
/** Keys of the people, who are in both. */
export const peopleKeys: readonly string[] = Array.from({ length: 20 }, (_, index) => `person-${index}`);
/** Groups and channels of each organization. */
export const placeNames: readonly string[] = ['one', 'two', 'three'];
/** What platforms ask to wait when they throttle. */
export const waitSeconds = 2;

/** Faults that every simulator has under the same names. */
export const commonFaults = {
  error_before: { kind: 'error_before' },
  error_after: { kind: 'error_after' },
  drop_before: { kind: 'drop_before' },
  drop_after: { kind: 'drop_after' },
} as const;

export function referenceTo(
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
