/** The running simulator: people who act on a bot, and what they see of its replies. */
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import type {
  Gesture,
  Noise,
  SeenCard,
  SeenForm,
  SeenMessage,
  SimulatedChat,
  Where,
} from '../../../src/kernel/simulated-chat.ts';
import { botJoinedEvent, botLeftEvent, typedEvent } from './events.ts';
import type { Faults } from './faults.ts';
import { Gestures } from './gestures.ts';
import type { Triggers } from './handles.ts';
import { interactionForm, viewClosed } from './interactions.ts';
import type { Platform, Ways } from './method.ts';
import { typedText } from './mrkdwn.ts';
import { homeEvent, messageBeside, noiseEvent } from './noise.ts';
import { viewOf } from './objects.ts';
import type { Oracle } from './oracle.ts';
import type { SlackPerson } from './people.ts';
import {
  fill,
  prepareCommand,
  prepareGlobalShortcut,
  prepareMessagePress,
  prepareMessageShortcut,
  prepareSubmission,
  prepareViewPress,
  type Workshop,
} from './prepare.ts';
import type { PublishedLimits } from './published-limits.ts';
import { blocksOf, buttonCalled, readView } from './read-card.ts';
import { allSeenMessages, nextSeen, seenMessage, seenMessages } from './seen.ts';
import type { Sender } from './sender.ts';
import type { Counts, SimulatorServer } from './server.ts';
import type { Tokens } from './tokens.ts';
import type { View, Views } from './views.ts';
import { Watch } from './watch.ts';
import { type Installation, type Scene, sceneOf, type World } from './world.ts';

/** Its methods act as people do; `oracle` and `views` are what they see, `sender`, `tokens` and `triggers` the lower level. */
export class SlackSimulator implements SimulatedChat {
  readonly platform = 'slack';
  readonly url: string;
  /** Those of the options; authors that `fromMessage` made up are in `world` alone. */
  readonly people: readonly SlackPerson[];
  readonly oracle: Oracle;
  readonly views: Views;
  readonly faults: Faults;
  readonly tokens: Tokens;
  readonly triggers: Triggers;
  readonly world: World;
  /** The published rate limits, which it can enforce. */
  readonly limits: PublishedLimits;
  readonly ways: Ways;
  readonly sender: Sender;
  /** Requests per method of the Web API, `response_url` and `authorize`. */
  readonly counts: Counts;
  /** A mention in a channel also comes as `message`, with an id of its own, as for apps that subscribe to both. */
  mentionsAlsoAsMessages = false;
  readonly #state: Platform;
  readonly #gestures: Gestures;
  readonly #shop: Workshop;
  readonly #server: SimulatorServer;
  readonly #shownWithinMs: number;

  constructor(
    state: Platform,
    server: SimulatorServer,
    sender: Sender,
    faults: Faults,
    shownWithinMs: number,
  ) {
    this.#state = state;
    this.#server = server;
    this.#shownWithinMs = shownWithinMs;
    this.#gestures = new Gestures(state, sender, shownWithinMs);
    this.url = server.url;
    this.counts = server.counts;
    this.#shop = { platform: state, gestures: this.#gestures, url: server.url };
    this.oracle = state.oracle;
    this.views = state.views;
    this.tokens = state.tokens;
    this.triggers = state.triggers;
    this.world = state.world;
    this.people = state.world.people;
    this.limits = state.limits;
    this.ways = state.ways;
    this.sender = sender;
    this.faults = faults;
  }

  get installations(): readonly Installation[] {
    return this.world.installations;
  }

  /** For DESKBRIDGE_SLACK_API_URL; the consent page stands beside it, at `/oauth/v2/authorize`. */
  get apiUrl(): string {
    return `${this.url}/api/`;
  }

  connect(serverUrl: string, registrations: ReadonlyMap<string, string>): void {
    this.sender.connect(serverUrl, registrations);
  }

  /** The scene of an act. @throws Error for a person or installation that there is not */
  scene(where: Where = {}): Scene {
    return sceneOf(this.world, where);
  }

  /** In a group or channel the bot is brought in first, as Slack proposes to whom mentions one outside. */
  async say(text: string, where: Where = {}): Promise<Gesture> {
    const scene = this.scene(where);
    scene.conversation.members.add(scene.installation.botUserId);
    const ts = this.oracle.nextTs();
    const event = typedEvent(scene, text, ts);
    this.oracle.recordTyped(scene, String(event.text), ts);
    const typed = this.#gestures.event(scene, event, ts);
    if (!this.mentionsAlsoAsMessages || event.type === 'message') return typed;
    await this.#gestures.event(scene, messageBeside(scene, event), ts);
    return typed;
  }

  /** `/desk …`, which works where the bot is no member too. */
  command(text: string, where: Where = {}): Promise<Gesture> {
    const scene = this.scene(where);
    return this.#gestures.interaction(scene, () => prepareCommand(this.#shop, scene, text));
  }

  async press(message: SeenMessage, label: string, where: Where = {}, which = 0): Promise<Gesture> {
    const found = this.oracle.find(message.conversation, message.id);
    const installation = found?.installation ?? null;
    const conversation = this.world.conversation(message.conversation);
    if (found === null || installation === null || conversation === null) {
      throw new Error('there is no such message of a bot');
    }
    const member = this.people.find(({ platformUserId }) => conversation.members.has(platformUserId));
    const as = where.as ?? message.onlyFor ?? member?.key;
    const scene = { ...this.scene({ installation, ...(as === undefined ? {} : { as }) }), conversation };
    // A client that has not caught up still shows the buttons of the version that was seen.
    const { content } = found.history[message.versions - 1] ?? found;
    const button = buttonCalled(content.blocks, label, which);
    return this.#gestures.interaction(scene, () => prepareMessagePress(this.#shop, scene, found, button));
  }

  async submit(
    form: SeenForm,
    values: Readonly<Record<string, string>>,
    where: Where = {},
  ): Promise<Gesture> {
    const { view, scene } = this.#openForm(form, where);
    const state = fill(view, form, values);
    return this.#gestures.interaction(scene, () => prepareSubmission(this.#shop, scene, view, state));
  }

  /** A person leaves a form; the bot is told where its modal asks for it, `null` where not. */
  async closeForm(form: SeenForm, where: Where = {}): Promise<number | null> {
    const { view, scene } = this.#openForm(form, where);
    this.views.close(view);
    if (view.source.notify_on_close !== true) return null;
    const { status } = await this.sender.sendForm(
      scene.installation,
      interactionForm(viewClosed(scene, view)),
    );
    return status;
  }

  fromMessage(
    what: 'create_ticket' | 'update_ticket',
    message: { text: string; author: string },
    where: Where = {},
  ): Promise<Gesture> {
    const callbackId = what === 'create_ticket' ? 'create_ticket_from_message' : 'update_from_message';
    const scene = this.scene(where);
    const person = this.world.someone(message.author);
    const written = this.oracle.recordTyped(
      { ...scene, person },
      typedText(message.text),
      this.oracle.nextTs(),
    );
    return this.#gestures.interaction(scene, () =>
      prepareMessageShortcut(this.#shop, scene, callbackId, written),
    );
  }

  /** A person starts the shortcut from the menu of the whole app. */
  globalShortcut(callbackId = 'create_ticket', where: Where = {}): Promise<Gesture> {
    const scene = this.scene(where);
    return this.#gestures.interaction(scene, () => prepareGlobalShortcut(this.#shop, scene, callbackId));
  }

  /** @throws Error when no page was published in time, nor before */
  async openHome(where: Where = {}): Promise<SeenCard> {
    const scene = this.scene(where);
    const watch = new Watch(this.#state, scene, { triggerId: null, home: true });
    const { status } = await this.#gestures.event(scene, this.#homeOpened(scene, 'home'));
    const shown = status === 200 ? await watch.first(this.#shownWithinMs) : null;
    watch.end();
    const home = shown === null ? this.home(where) : null;
    if (shown !== null && 'view' in shown) return this.#readView(shown.view);
    if (home === null) throw new Error('no App Home page was published');
    return home;
  }

  /** The person's App Home page as it stands; null when it was never published. */
  home(where: Where = {}): SeenCard | null {
    const { installation, person } = this.scene(where);
    const view = this.views.home(installation.key, person.platformUserId);
    return view === null ? null : this.#readView(view);
  }

  /** A person presses a button of the App Home page. `shown`: the page drawn anew. @throws Error when there is none */
  async pressHome(label: string, where: Where = {}, which = 0): Promise<Gesture> {
    const scene = this.scene(where);
    const view = this.views.home(scene.installation.key, scene.person.platformUserId);
    if (view === null) throw new Error('no App Home page was published');
    const button = buttonCalled(blocksOf(view.source), label, which);
    return this.#gestures.interaction(scene, () => prepareViewPress(this.#shop, scene, view, button));
  }

  install(where: Where = {}): Promise<Gesture> {
    const scene = this.scene(where);
    const { conversation, installation } = scene;
    if (conversation.kind === 'personal') {
      return this.#gestures.event(scene, this.#homeOpened(scene, 'messages'));
    }
    conversation.members.add(installation.botUserId);
    return this.#gestures.event(scene, botJoinedEvent(scene, this.oracle.nextTs()));
  }

  /** A bot that is removed hears of it by `channel_left`. @throws Error in a direct conversation, which none leaves */
  async uninstall(where: Where = {}): Promise<Gesture> {
    const scene = this.scene(where);
    const { conversation, installation } = scene;
    if (conversation.kind === 'personal')
      throw new Error('a bot cannot be removed from a direct conversation');
    conversation.members.delete(installation.botUserId);
    return this.#gestures.event(scene, botLeftEvent(scene, this.oracle.nextTs()));
  }

  /** The organization removes the app: both events that Slack sends for it. The later one's gesture is returned. */
  async uninstallApp(where: Where = {}): Promise<Gesture> {
    const scene = this.scene(where);
    this.tokens.withdraw(scene.installation, 'account_inactive');
    await this.revokeTokens(where);
    return this.#gestures.event(scene, { type: 'app_uninstalled' });
  }

  /** The bot's tokens are withdrawn. */
  revokeTokens(where: Where = {}): Promise<Gesture> {
    const scene = this.scene(where);
    this.tokens.withdraw(scene.installation, 'token_revoked');
    const tokens: JsonObject = { oauth: [], bot: [scene.installation.botUserId] };
    return this.#gestures.event(scene, { type: 'tokens_revoked', tokens });
  }

  noise(kind: Noise, where: Where = {}): Promise<Gesture> {
    const scene = this.scene(where);
    return this.#gestures.event(
      scene,
      noiseEvent(kind, scene, () => this.oracle.nextTs()),
    );
  }

  /** Any event, in the envelope of the scene's installation. */
  event(event: JsonObject, where: Where = {}): Promise<Gesture> {
    return this.#gestures.event(this.scene(where), event);
  }

  async messages(where: Where = {}): Promise<SeenMessage[]> {
    return seenMessages(this.world, this.oracle, this.scene(where));
  }

  async nextMessage(where: Where, known: readonly SeenMessage[], timeoutMs = 5000): Promise<SeenMessage> {
    return nextSeen(this.world, this.oracle, this.scene(where), known, timeoutMs);
  }

  watch(listener: (message: SeenMessage) => void): () => void {
    return this.oracle.subscribe((message, { kind }) => {
      if (kind !== 'delete' && message.installation !== null) listener(seenMessage(this.world, message));
    });
  }

  postedByBot(): SeenMessage[] {
    return allSeenMessages(this.world, this.oracle);
  }

  violations(): number {
    return this.limits.violations;
  }

  async close(): Promise<void> {
    this.sender.close();
    await this.#server.close();
  }

  #homeOpened(scene: Scene, tab: 'home' | 'messages'): JsonObject {
    const { installation, person } = scene;
    const direct = { ...scene, conversation: this.world.personalChat(installation, person) };
    const view = tab === 'home' ? this.views.home(installation.key, person.platformUserId) : null;
    const shown = view === null ? null : viewOf(installation, view);
    return homeEvent(direct, tab, this.oracle.nextTs(), shown);
  }

  /** The form's modal, and the scene of the person before whom it is open. @throws Error when it was closed */
  #openForm(form: SeenForm, where: Where): { view: View; scene: Scene } {
    const view = this.views.find(form.handle);
    if (view === null || !view.open) throw new Error('the form is not open any more');
    const as = this.world.keyOf(view.userId);
    const scene = this.scene({ ...(as === null ? {} : { as }), ...where, installation: view.installation });
    return { view, scene };
  }

  #readView(view: View): SeenCard {
    return readView(view, (userId) => this.world.nameOf(userId));
  }
}
