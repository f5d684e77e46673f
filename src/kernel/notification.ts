/** Words of notifications that platforms and the notifier share: destinations, sends, and what can be known of them. */
import type { ConversationReference } from './activity.ts';
import type { Message } from './message.ts';
import type { PlatformRegistration, SendErrorCode, SendOutcome } from './platform.ts';
import type { ConversationKind } from './rate-limit.ts';

/** Kinds of destinations; stable, and known to administrators. */
export const destinationTypes = [
  'teams_chat',
  'teams_feed',
  'teams_channel',
  'slack_dm',
  'slack_channel',
  'lark_user',
  'lark_chat',
] as const;
export type DestinationType = (typeof destinationTypes)[number];

export interface Destination {
  type: DestinationType;
  /**
   * The platform's id. Of a person (chat, DM, feed) the id that links are made with (Entra object id, Slack `U…`, Lark
   * open_id), so that one person is one destination however they were named; of a group or channel the conversation's.
   */
  id: string;
}

/** What the platform's rate limits see of a send. */
export interface PacedCall {
  /** What the platform counts as one conversation; sends to it keep their order. */
  conversation: string;
  kind: ConversationKind;
  /** As in the platform's limits. */
  operation: string;
}

/** How a platform's destinations are named. Pure. */
export interface PlatformAddressing {
  /** Those by which a person can be reached, the usual one first. */
  ofPerson(platformUserId: string): Destination[];
  /** The one of a captured conversation; a personal one is its person's. */
  ofReference(
    reference: Pick<ConversationReference, 'type' | 'platformConversationId' | 'platformUserId'>,
  ): Destination;
  /** The one behind an address that an administrator typed; null when it is of no known form. */
  ofAddress(address: string): Destination | null;
  /** The post to a destination as the limits see it. */
  paced(destination: Destination): PacedCall;
  /**
   * The call that has to come before the first post to this destination (Teams' 1:1 conversations are created first);
   * null when nothing has to.
   */
  opening(destination: Destination, reference: ConversationReference | null): PacedCall | null;
  /** The call by which a post there is looked up, as the limits see it; null where the platform publishes none for it. */
  lookingUp(destination: Destination): PacedCall | null;
  /** The call that takes a message there back; null as above. */
  withdrawing(destination: Destination): PacedCall | null;
}

/** One delivery as a platform sees it. */
export interface OutboundDelivery {
  registration: PlatformRegistration;
  destination: Destination;
  /** The captured conversation; null where nobody spoke there yet. */
  reference: ConversationReference | null;
  message: Message;
  /** A UUID, the same over all attempts: the platform's key of idempotency, or the mark by which it is found again. */
  token: string;
  /** The platform refused the usual rendering: a smaller one, title and text alone. */
  reduced: boolean;
  /** Given up after so many milliseconds; what may have left by then is of unknown outcome. */
  timeoutMs: number;
}

/** When a send whose outcome is unknown was on the wire. */
export interface UnknownSend {
  /** The first try of this delivery ever. */
  firstStartedAt: Date;
  startedAt: Date;
  /** It cannot have reached the platform after this. */
  notAfter: Date;
}

/** What a platform can say of a send whose outcome is unknown. */
export type LookUp =
  /** It was posted: the platform shows it. */
  | { result: 'found'; messageId: string | null }
  /** It is not there, and the whole time in question was read. */
  | { result: 'absent' }
  /** The platform dedupes by the token at least this once more: sending again does no harm. */
  | { result: 'repeatable' }
  /** Nobody can tell: no permission, no such API, too long ago. `detail`: a short sentence for the administrator. */
  | { result: 'unknowable'; detail: string }
  /** The platform could not be asked now. */
  | { result: 'later'; retryAfterMs?: number };

/** The conversation that was opened, or why not; never posts anything. */
export type Opening =
  | { result: 'opened'; reference: ConversationReference }
  | { result: 'rejected'; code: SendErrorCode; retryable: boolean; retryAfterMs?: number };

/** What a notifier needs of a platform's runtime; each is one try. */
export interface NotifierRuntime {
  /** Posts, with one request that can post. */
  deliver(delivery: OutboundDelivery): Promise<SendOutcome>;
  /** Opens the conversation that `addressing.opening` asks for; repeating it does no harm. */
  open?(registration: PlatformRegistration, destination: Destination, timeoutMs: number): Promise<Opening>;
  /**
   * Whether the platform answers at all, asked by a call that changes nothing; absent where a post can be repeated without
   * harm, which then asks by itself.
   */
  probe?(
    registration: PlatformRegistration,
    reference: ConversationReference | null,
    timeoutMs: number,
  ): Promise<boolean>;
  /** Asks what became of a send. Not to be called before `notAfter` and a moment for late commits. */
  lookUp(delivery: OutboundDelivery, send: UnknownSend): Promise<LookUp>;
  /**
   * Deletes a message of ours, or where that cannot be done replaces it by `replacement`; `sent` = it is gone or
   * replaced, also when it was before.
   */
  withdraw(sent: {
    registration: PlatformRegistration;
    destination: Destination;
    reference: ConversationReference | null;
    messageId: string;
    replacement: Message;
    timeoutMs: number;
  }): Promise<SendOutcome>;
}
