/** One inbound event in our own, platform-neutral form. */
import type { JsonObject } from './canonical-json.ts';

/** Where an action is invoked. */
export const surfaces = [
  'bot',
  'card',
  'quick_action',
  'message_extension',
  'shortcut',
  'home',
  'api',
  'admin',
] as const;
export type Surface = (typeof surfaces)[number];

export type ConversationType = 'personal' | 'group' | 'channel';

/** What is needed to speak in a conversation later. Ids are the platform's own. */
export interface ConversationReference {
  platformConversationId: string;
  type: ConversationType;
  /** Customer organization on the platform: Entra tenant, Slack team or enterprise, Lark tenant_key. */
  organization: string;
  /** The person, in a personal conversation; null in a group or channel. */
  platformUserId: string | null;
  /** The platform's regional endpoint for this conversation, where it has one (Teams). */
  serviceUrl: string | null;
  /** The bot's own id in the conversation. */
  botId: string | null;
  /** Team or workspace channel that the conversation hangs under. */
  channelId: string | null;
  /** Thread within the conversation. */
  threadId: string | null;
  /** BCP 47 tag that the platform reports. */
  locale: string | null;
}

/** A chat identity, before it is linked to a user of the tenant. */
export interface ChatPerson {
  platformUserId: string;
  /** Display name as the platform gives it; never trusted for anything but greeting. */
  name: string | null;
  /** Another id of the same person on the platform (Lark's union_id), tried where no link names the first. */
  otherId?: string;
}

/** A chat message that an action starts from: a message shortcut, a message extension, a quoted message. */
export interface SourceMessage {
  text: string;
  authorName: string | null;
  /** Link back to the message, where the platform has one. */
  url: string | null;
}

/** What the person wants. Ids and inputs come from outside and are checked by the inbound chain. */
export type Intent =
  /** Typed text, mentions stripped by the platform's translator. */
  | { kind: 'command'; text: string; source: SourceMessage | null }
  /** A button that runs an action, or an entry of a menu; `surface` is `card` without it. */
  | { kind: 'press'; action: string; input: JsonObject; nonce: string | null; surface?: Surface }
  /** A button that stands for typed text ("did you mean …"). */
  | { kind: 'press_command'; text: string; nonce: string | null }
  /** Open the form of an action, prefilled; `nonce` where the button that asks for it had one. */
  | {
      kind: 'open_form';
      action: string;
      input: JsonObject;
      surface: Surface;
      source: SourceMessage | null;
      nonce?: string;
    }
  /** A filled form. */
  | { kind: 'submit_form'; action: string; input: JsonObject; nonce: string | null; surface: Surface }
  /** Search as the person types. */
  | { kind: 'search'; text: string; skip: number; count: number }
  /** A link to one of our records was pasted. */
  | { kind: 'unfurl'; url: string }
  /** The person opened the page that is theirs alone with the bot (Slack's App Home). */
  | { kind: 'home' }
  | { kind: 'installed' }
  | { kind: 'uninstalled' }
  /** The organization removed the app or withdrew its tokens at that moment; the registration is over. */
  | { kind: 'revoked'; reason: string; at: Date }
  /**
   * The platform itself tells of messages of ours: they stand in the conversation, or the person read them. `tokens` are
   * ours, `messageIds` the platform's; `readUpTo`: that message and every earlier one of this conversation.
   */
  | {
      kind: 'evidence';
      of: 'posted' | 'read';
      tokens: { token: string; messageId: string | null }[];
      messageIds: string[];
      readUpTo: string | null;
    }
  /** Authentic, and not for us: bots, own echoes, edits, deletions, joins. `reason` is a metric label. */
  | { kind: 'ignored'; reason: string }
  /** A request for something that this product does not do; answered as such. */
  | { kind: 'unsupported'; name: string };

export interface Activity {
  /** Platform id, e.g. `teams`. */
  platform: string;
  /** The app that verification proved. */
  appId: string;
  organization: string;
  /**
   * Keys under which the platform may repeat this event, unique per registration; the first is the receipt's own.
   * Empty only for ignored events.
   */
  eventKeys: string[];
  /** Null when the event names no conversation or is incomplete: nothing is captured then. */
  reference: ConversationReference | null;
  person: ChatPerson | null;
  /** Where messages go instead of `reference`, which stays what is captured. */
  replyReference?: ConversationReference;
  /** A short-lived address that takes one reply to this very gesture (Slack's response_url); never stored. */
  responseUrl?: string;
  /** What a call that shows an answer has to name (Slack's trigger_id). */
  answerHandle?: string;
  /** The button was pressed on the person's own page with the bot, which is drawn anew afterwards. */
  onHome?: true;
  /** The platform's id of a message that the person's text replies to; read before the text is handled. */
  quotedMessageId?: string;
  /** The platform never sends this request again: a failure has to be told in its answer. */
  deliveredOnce?: true;
  /** The platform's id of the person's message, which a reply answers. */
  messageId: string | null;
  /** The platform's id of the message whose card was used, for an update in place. */
  cardMessageId: string | null;
  /** `answer`: the platform waits for the outcome in the response to this very request. */
  replyBy: 'message' | 'answer';
  /** The platform's name of a request that waits for an answer; the answer's form depends on it (Teams). */
  invoke?: string;
  intent: Intent;
}
