/** The running simulator: the gestures of people, and what a test may do besides. */
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import type {
  Gesture,
  Noise,
  SeenForm,
  SeenMessage,
  SimulatedChat,
  SimulatedInstallation,
  SimulatedPerson,
  Where,
} from '../../../src/kernel/simulated-chat.ts';
import { menuKeyOf } from './bot-menu.ts';
import { rootElements } from './card-elements.ts';
import { fillForm, readHandle } from './card-form.ts';
import { type Chats, nextMessageId } from './chats.ts';
import { type BotAnswer, type Delivery, type DeliveryOptions, eventKeyOf, withNewId } from './delivery.ts';
import { findButton, linkOf } from './draw-card.ts';
import { sealChallenge } from './envelope.ts';
import {
  botMemberEvent,
  chatEnteredEvent,
  menuEvent,
  messageEvent,
  messageReadEvent,
  noiseEvent,
  type Scene,
} from './events.ts';
import { appUninstalledEventV1 } from './events-v1.ts';
import type { Faults } from './faults.ts';
import type { HistoryApi } from './history-api.ts';
import type { Identity } from './identity.ts';
import type { MessagesApi } from './messages-api.ts';
import type { Oracle, OracleMessage } from './oracle.ts';
import type { Directory, LarkPerson } from './people.ts';
import { cardAsSeen, keptForm, type Presses, seenMessage, versionsOf } from './press.ts';
import type { PublishedLimits } from './published-limits.ts';
import type { Scenes } from './scenes.ts';
import type { Counts, SimulatorServer } from './server.ts';

interface Parts {
  identity: Identity;
  directory: Directory;
  chats: Chats;
  oracle: Oracle;
  delivery: Delivery;
  messages: MessagesApi;
  history: HistoryApi;
  limits: PublishedLimits;
  faults: Faults;
  server: SimulatorServer;
  scenes: Scenes;
  presses: Presses;
}

/** The running simulator. Its methods act as people do; `oracle` is what they see. */
export class LarkSimulator implements SimulatedChat {
  readonly platform = 'lark';
  readonly url: string;
  readonly oracle: Oracle;
  readonly faults: Faults;
  readonly identity: Identity;
  readonly limits: PublishedLimits;
  /** Requests per route. */
  readonly counts: Counts;
  readonly people: readonly LarkPerson[];
  readonly installations: readonly SimulatedInstallation[];
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.url = parts.server.url;
    this.counts = parts.server.counts;
    this.oracle = parts.oracle;
    this.faults = parts.faults;
    this.identity = parts.identity;
    this.limits = parts.limits;
    this.people = parts.directory.people;
    this.installations = parts.identity.installations;
  }

  connect(serverUrl: string, registrations: ReadonlyMap<string, string>): void {
    for (const [installation, registration] of registrations)
      this.#parts.delivery.setEndpoint(
        installation,
        `${serverUrl.replace(/\/$/, '')}/lark/events/${registration}`,
      );
  }

  /** The people with their open_ids towards the app of an installation: each app has its own. */
  peopleOf(installation: string): SimulatedPerson[] {
    const { appId } = this.#parts.scenes.installation(installation);
    const openId = (person: LarkPerson) => this.#parts.directory.openId(person, appId);
    return this.people.map((person) => ({ ...person, platformUserId: openId(person) }));
  }

  /** The scene of an act, for the builders of events. */
  scene(where: Where = {}): Scene {
    return this.#parts.scenes.scene(where);
  }

  /** @throws Error in a group that the bot was removed from: it cannot be mentioned there */
  async say(text: string, where: Where = {}): Promise<Gesture> {
    const scene = this.scene(where);
    if (this.#parts.chats.hasBot(scene.chat, scene.appId) !== true)
      throw new Error('the bot is not in that group');
    const messageId = nextMessageId();
    this.#parts.scenes.write(scene, messageId, text, true);
    return this.#gesture(messageEvent(scene, text, { messageId }), where, messageId);
  }

  command(text: string, where: Where = {}): Promise<Gesture> {
    return this.say(text, where);
  }

  /** Presses a button of the message as it was seen, which may be an older version than the present one. */
  async press(message: SeenMessage, label: string, where: Where = {}, which = 0): Promise<Gesture> {
    const { posted, card } = cardAsSeen(this.oracle, message.id, message.versions);
    const { button, form } = findButton(card, label, which);
    if (form !== null && message.card.form !== null) return this.submit(message.card.form, {}, where);
    if (linkOf(button) !== null) throw new Error(`"${label}" leads to a page and sends nothing`);
    if (button.disabled === true) throw new Error(`"${label}" is disabled`);
    return this.#press(posted, button, where);
  }

  /** A form that its client refuses to send comes back with its faults, status 0 and nothing sent. */
  async submit(
    form: SeenForm,
    values: Readonly<Record<string, string>>,
    where: Where = {},
  ): Promise<Gesture> {
    const { messageId, version, form: name } = readHandle(form.handle);
    const { posted, card } = cardAsSeen(this.oracle, messageId, version);
    const element = rootElements(card).find((one) => one.tag === 'form' && one.name === name);
    if (element === undefined) throw new Error('the card has no such form');
    const filled = fillForm(element, values);
    if (filled.ok) return this.#press(posted, filled.submit, where, filled.formValue);
    return keptForm(form, values, filled.faults, () => this.submit(form, values, where));
  }

  /** Somebody's message, and the person's reply to it that asks for a ticket; there is no gesture for the other. */
  async fromMessage(
    what: 'create_ticket' | 'update_ticket',
    message: { text: string; author: string },
    where: Where = {},
  ): Promise<Gesture> {
    if (what !== 'create_ticket') throw new Error('not on this platform');
    const scene = this.scene(where);
    const originalId = nextMessageId();
    const author = this.#parts.directory.author(message.author);
    this.#parts.scenes.write(
      { ...scene, person: author, parentId: null, rootId: null },
      originalId,
      message.text,
      false,
    );
    const messageId = nextMessageId();
    const reply = { ...scene, parentId: originalId, rootId: originalId };
    this.#parts.scenes.write(reply, messageId, 'new ticket', true);
    return this.#gesture(messageEvent(reply, 'new ticket', { messageId }), where, messageId);
  }

  async openHome(): Promise<null> {
    return null;
  }

  /** An entry of the bot's menu, by its event key or by its label in either language. */
  menu(entry: string, where: Where = {}): Promise<Gesture> {
    return this.#gesture(menuEvent(this.scene(where), menuKeyOf(entry)), where, null);
  }

  install(where: Where = {}): Promise<Gesture> {
    const scene = this.scene(where);
    if (scene.chat.type === 'p2p') return this.#gesture(chatEnteredEvent(scene), where, null);
    this.#parts.chats.setBot(scene.chat, scene.appId, true);
    return this.#gesture(botMemberEvent(scene, 'added'), where, null);
  }

  /** @throws Error for a personal chat, which a bot cannot be removed from; `removeApp` is what there is */
  async uninstall(where: Where = {}): Promise<Gesture> {
    const scene = this.scene(where);
    if (scene.chat.type === 'p2p') throw new Error('not on this platform');
    this.#parts.chats.setBot(scene.chat, scene.appId, false);
    return this.#gesture(botMemberEvent(scene, 'deleted'), where, null);
  }

  /** The organization removes the whole app. */
  removeApp(where: Where = {}): Promise<Gesture> {
    return this.#gesture(appUninstalledEventV1(this.scene(where)), where, null);
  }

  noise(kind: Noise, where: Where = {}): Promise<Gesture> {
    const scene = this.scene(where);
    return this.#gesture(noiseEvent(scene, kind), where, null);
  }

  /** The person has read the messages; in a personal chat the bot is told. */
  async read(messages: readonly SeenMessage[], where: Where = {}): Promise<Gesture | null> {
    const scene = this.scene(where);
    const ids = messages.map(({ id }) => id);
    this.#parts.history.markRead(ids, scene.openId, scene.now);
    return scene.chat.type === 'p2p' ? this.#gesture(messageReadEvent(scene, ids), where, null) : null;
  }

  async messages(where: Where = {}): Promise<SeenMessage[]> {
    const { chat, appId } = this.scene(where);
    return this.oracle
      .visible(chat.id)
      .filter((message) => message.appId === appId)
      .map(seenMessage);
  }

  async nextMessage(where: Where, known: readonly SeenMessage[], timeoutMs = 5000): Promise<SeenMessage> {
    const { chat, appId } = this.scene(where);
    const isNew = (message: OracleMessage) =>
      message.chatId === chat.id &&
      message.appId === appId &&
      !message.deleted &&
      !known.some(({ id, versions }) => id === message.id && versions === versionsOf(message).length);
    const next = this.oracle.visible(chat.id).find(isNew) ?? (await this.oracle.waitFor(isNew, timeoutMs));
    return seenMessage(next);
  }

  watch(listener: (message: SeenMessage) => void): () => void {
    return this.oracle.subscribe((message, { kind }) => {
      if (kind !== 'delete') listener(seenMessage(message));
    });
  }

  postedByBot(): SeenMessage[] {
    return this.oracle.standing().map(seenMessage);
  }

  violations(): number {
    return this.limits.violations;
  }

  /**
   * Sends to the person are refused with this code until null ends that: 230013 for one outside the app's availability,
   * 230053 for one who stopped the bot.
   */
  refuseSendsTo(where: Where, code: number | null): void {
    this.#parts.messages.setRefusal(this.scene(where).chat.id, code);
  }

  /** Cards and texts of more bytes are refused as too long; null ends that. */
  limitContent(bytes: number | null): void {
    this.#parts.messages.limitContent(bytes);
  }

  /** Sends any event in an authentic envelope, or in one that is wrong on purpose. */
  sendEvent(event: JsonObject, where: Where = {}, options: DeliveryOptions = {}): Promise<BotAnswer> {
    return this.#parts.delivery.deliver(
      event,
      this.#parts.scenes.installation(where.installation).key,
      options,
    );
  }

  /** Sends an event until it is taken, with the published waits between; `wait` may shorten them. */
  sendWithRetries(event: JsonObject, where: Where, wait: (ms: number) => Promise<void>): Promise<BotAnswer> {
    return this.#parts.delivery.deliverWithRetries(
      event,
      this.#parts.scenes.installation(where.installation).key,
      wait,
    );
  }

  /** Posts any bytes to the bot. */
  sendBody(body: string, headers: Record<string, string>, where: Where = {}): Promise<BotAnswer> {
    return this.#parts.delivery.send(
      { headers, body },
      this.#parts.scenes.installation(where.installation).key,
    );
  }

  /** The handshake with which Lark checks the request URL; it is not signed. */
  challenge(challenge: string, where: Where = {}, token?: string): Promise<BotAnswer> {
    const { key, appId } = this.#parts.scenes.installation(where.installation);
    return this.#parts.delivery.send(sealChallenge(this.identity.app(appId), challenge, token), key);
  }

  /** Pushes a new app_ticket, as every hour; null when the app has no endpoint yet. */
  pushTicket(appId: string): Promise<BotAnswer | null> {
    return this.#parts.delivery.pushTicket(appId);
  }

  /** Forgets all messages and what hangs on them, so that a long run does not fill the memory. */
  clear(): void {
    const { oracle, chats, messages, history, presses } = this.#parts;
    for (const part of [oracle, chats, messages, history, presses]) part.clear();
  }

  async close(): Promise<void> {
    this.#parts.delivery.close();
    await this.#parts.server.close();
  }

  /** `repeat`: the same ids in a fresh envelope, or a copy with a new event id about the same message. */
  async #gesture(event: JsonObject, where: Where, messageId: string | null): Promise<Gesture> {
    const { status } = await this.sendEvent(event, where);
    return {
      status,
      messageId,
      eventKey: eventKeyOf(event),
      form: null,
      shown: null,
      replaced: null,
      repeat: (kind = 'same') => this.#gesture(kind === 'same' ? event : withNewId(event), where, messageId),
    };
  }

  #press(message: OracleMessage, button: JsonObject, where: Where, formValue?: JsonObject): Promise<Gesture> {
    const press = { ...this.#parts.scenes.sceneOfMessage(message, where.as), message, button };
    return this.#parts.presses.press(formValue === undefined ? press : { ...press, formValue });
  }
}
