/**
 * A chat platform in miniature as people see it: what a platform's simulator offers to the contract suite, the terminal
 * chat and crash trials, whatever the platform's own protocol looks like.
 */

export interface SimulatedPerson {
  /** Short name in scripts, e.g. `ann`. */
  key: string;
  name: string;
  /** The id that links are made with: Entra object id, Slack user, Lark open_id. */
  platformUserId: string;
}

/** Where somebody acts. `place` names a conversation of that kind; the same name is the same conversation. */
export interface Where {
  /** Key of the person; the first one without it. */
  as?: string;
  /** Which installation of the bot; the first one without it. */
  installation?: string;
  place?: { kind: 'personal' } | { kind: 'group' | 'channel'; name: string };
  /** Message that is the root of the thread, or that is replied to. */
  thread?: SeenMessage;
}

/** One installation of the bot: an app in an organization. */
export interface SimulatedInstallation {
  key: string;
  appId: string;
  organization: string;
}

export interface SeenButton {
  label: string;
  style: 'default' | 'primary' | 'danger';
  /** Set: it leads to a page and sends nothing. */
  url: string | null;
  /** How many of the card's lines stand above it; all of them without it. */
  after?: number;
}

/** One line as a person reads it. `link`: the address behind it. */
export interface SeenLine {
  text: string;
  kind: 'title' | 'text' | 'fact' | 'item' | 'small' | 'error';
  link?: string;
  /** Labels of buttons that stand beside it; each is also in `buttons`. */
  buttons?: string[];
  /** What stands in front of it in a column of its own, as an item's ordinal; `text` begins with it. */
  mark?: string;
  /** The two columns of a fact; `text` has both. */
  fact?: { label: string; value: string };
  /** It follows the line above without a gap, as the text of an item does. */
  tight?: true;
}

export interface SeenForm {
  title: string;
  fields: {
    name: string;
    label: string;
    kind: 'text' | 'multiline' | 'choice' | 'toggle';
    required: boolean;
    value: string;
    choices: { label: string; value: string }[];
    error: string | null;
  }[];
  submitLabel: string;
  /** A refusal that belongs to no field. */
  error: string | null;
  /** The platform's own form, opaque; `submit` takes it back. */
  handle: string;
}

/** A card as it is drawn. */
export interface SeenCard {
  lines: SeenLine[];
  /** In the order of the card. */
  buttons: SeenButton[];
  form: SeenForm | null;
}

/** A message of the bot. */
export interface SeenMessage {
  id: string;
  /** The platform's id of the conversation. */
  conversation: string;
  /** The person's message that it visibly replies to, or the root of its thread; null otherwise. */
  replyTo: string | null;
  /** Our token, where the platform takes one (Slack metadata, Lark uuid). */
  token: string | null;
  card: SeenCard;
  /** All the card's lines, joined by line feeds. */
  text: string;
  /** 1 when it was never updated. */
  versions: number;
  /** Key of the only person who sees it; null: everybody in the conversation. */
  onlyFor: string | null;
}

/** What a gesture brought back at once. Messages that come later are in `messages`. */
export interface Gesture {
  /** HTTP status of the bot's endpoint; 0 when it did not answer. */
  status: number;
  /** The platform's id of the message that the person wrote by it; null for other gestures. */
  messageId: string | null;
  /** The first key that the bot must dedupe it by. */
  eventKey: string;
  /** A form that opened, or that stayed open with its faults. */
  form: SeenForm | null;
  /** What was shown in the answer itself: a dialog, a toast, an ephemeral reply, search results. */
  shown: SeenCard | null;
  /** The message that the answer replaced in place. */
  replaced: SeenMessage | null;
  /** The platform sends the same event again, as it does when it saw no answer: `same` ids, or its `later` copies' new ones. */
  repeat(kind?: 'same' | 'later'): Promise<Gesture>;
}

/** A hit of a search in the compose box. */
export interface SeenHit {
  title: string;
  text: string;
  /** The platform's own hit, opaque; `choose` takes it back. */
  handle: string;
}

export interface SeenSearch {
  /** HTTP status of the bot's endpoint; 0 when it did not answer. */
  status: number;
  hits: SeenHit[];
  /** Words in place of hits. */
  shown: SeenCard | null;
}

export type Noise = 'bot' | 'echo' | 'edit' | 'deletion' | 'join';

export interface SimulatedChat {
  readonly platform: string;
  readonly people: readonly SimulatedPerson[];
  readonly installations: readonly SimulatedInstallation[];
  /** Tells it where the bot's server is, and the registration that stands behind each installation, by its key. */
  connect(serverUrl: string, registrations: ReadonlyMap<string, string>): void;
  /** A person types; in a group or channel with a mention of the bot. */
  say(text: string, where?: Where): Promise<Gesture>;
  /** A person uses the platform's command (Slack's `/desk …`); where there is none, the same as `say`. */
  command(text: string, where?: Where): Promise<Gesture>;
  /**
   * A person presses a button of a message, by its label, as the message was when it was seen: a client that has not
   * caught up still shows the old buttons. Of several with that label, `which` counts from 0.
   * @throws Error when there is none
   */
  press(message: SeenMessage, label: string, where?: Where, which?: number): Promise<Gesture>;
  /** A person fills a form that a gesture or a message showed, and submits it. */
  submit(form: SeenForm, values: Readonly<Record<string, string>>, where?: Where): Promise<Gesture>;
  /** A person starts from somebody's message, by the platform's gesture for it: a new ticket, or an addition to one. */
  fromMessage(
    what: 'create_ticket' | 'update_ticket',
    message: { text: string; author: string },
    where?: Where,
  ): Promise<Gesture>;
  /** A person opens the bot's own page; null where the platform has none. */
  openHome(where?: Where): Promise<SeenCard | null>;
  /** A person presses a button of that page; `shown` is the page drawn anew. @throws Error when there is none */
  pressHome?(label: string, where?: Where, which?: number): Promise<Gesture>;
  /** A person searches in the compose box; absent where the platform has no such search. */
  search?(text: string, where?: Where): Promise<SeenSearch>;
  /** A hit goes into the conversation as the person's message, whose buttons reach the bot. */
  choose?(hit: SeenHit, where?: Where): Promise<SeenMessage>;
  /** The bot is added to the conversation, or the person's chat with it begins. */
  install(where?: Where): Promise<Gesture>;
  /** The bot is removed from the conversation. */
  uninstall(where?: Where): Promise<Gesture>;
  /** Something happens that the bot must ignore. */
  noise(kind: Noise, where?: Where): Promise<Gesture>;
  /** Messages of the bot that the person sees there now, in their order. */
  messages(where?: Where): Promise<SeenMessage[]>;
  /** The next message of the bot there that is not among `known`, by id and version. @throws Error after the time */
  nextMessage(
    where: Where,
    known: readonly Pick<SeenMessage, 'id' | 'versions'>[],
    timeoutMs?: number,
  ): Promise<SeenMessage>;
  /** Calls back at every post and every new version of a message of the bot, wherever it is; returns what ends that. */
  watch(listener: (message: SeenMessage) => void): () => void;
  /** Every message of the bot that anybody sees now, over all conversations and installations, in the order of posting. */
  postedByBot?(): SeenMessage[];
  /** Calls beyond the published rate limits since it enforces them; 0 while it does not. */
  violations?(): number;
  close(): Promise<void>;
}
