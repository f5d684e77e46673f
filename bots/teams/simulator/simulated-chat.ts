/** The simulated Teams as people see it, behind the port that every simulated platform has. */
import { randomUUID } from 'node:crypto';
import type { JsonObject, JsonValue } from '../../../src/kernel/canonical-json.ts';
import type {
  Gesture,
  Noise,
  SeenForm,
  SeenHit,
  SeenMessage,
  SeenSearch,
  SimulatedChat,
  SimulatedInstallation,
  SimulatedPerson,
  Where,
} from '../../../src/kernel/simulated-chat.ts';
import { isObject } from '../../shared/json.ts';
import { tokenOf } from '../render.ts';
import {
  botAddedActivity,
  installationActivity,
  invokeActivity,
  messageActivity,
  nextMessageId,
  otherActivity,
  readReceiptActivity,
  type Scene,
} from './activities.ts';
import { buttonsOf, cardOf, findButton, pressedData, withCard } from './cards.ts';
import type { By } from './options.ts';
import type { OracleMessage } from './oracle.ts';
import { channel, groupChat, type SimulatedConversation } from './people.ts';
import { firstSubmit, pressActivity, replacementCard } from './press.ts';
import { type FormHandle, readAnswer, readSearch } from './read-answer.ts';
import { readActivityText, readCard, textOfCard } from './read-card.ts';
import type { TeamsSimulator } from './teams-simulator.ts';

const commands = { create_ticket: 'createTicketFromMessage', update_ticket: 'updateFromMessage' } as const;

export class TeamsChat implements SimulatedChat {
  readonly platform = 'teams';
  readonly people: readonly SimulatedPerson[];
  readonly installations: readonly SimulatedInstallation[];
  readonly simulator: TeamsSimulator;

  constructor(simulator: TeamsSimulator, installations: readonly SimulatedInstallation[]) {
    this.simulator = simulator;
    this.installations = installations;
    this.people = simulator.people.map(({ key, name, aadObjectId }) => ({
      key,
      name,
      platformUserId: aadObjectId,
    }));
  }

  /** Every Teams app has the one endpoint. */
  connect(serverUrl: string): void {
    this.simulator.botEndpoint = `${serverUrl}/api/messages`;
  }

  say(text: string, where: Where = {}): Promise<Gesture> {
    return this.#send(messageActivity(this.#scene(where), text));
  }

  command(text: string, where: Where = {}): Promise<Gesture> {
    return this.say(text, where);
  }

  press(message: SeenMessage, label: string, where: Where = {}, which = 0): Promise<Gesture> {
    const shown = this.#find(message);
    const card = cardOf(shown.history[message.versions - 1]?.activity ?? shown.activity);
    if (card === null) throw new Error('the message has no card');
    const activity = pressActivity(this.#scene(where), card, findButton(card, label, which), {}, shown.id);
    return this.#send(activity, { pressed: shown });
  }

  submit(form: SeenForm, values: Readonly<Record<string, string>>, where: Where = {}): Promise<Gesture> {
    const { card, messageId, commandId } = JSON.parse(form.handle) as FormHandle;
    const scene = this.#scene(where);
    const [execute] = buttonsOf(card).filter(({ type }) => type === 'Action.Execute');
    if (execute !== undefined && messageId !== null) {
      // A form that stands in the conversation goes back as the button that it has.
      const pressed = this.simulator.oracle.find(scene.conversation.id, messageId);
      const activity = pressActivity(scene, card, execute, { ...values }, messageId);
      return this.#send(activity, pressed === null ? {} : { pressed });
    }
    const data = pressedData(card, firstSubmit(card), { ...values });
    const context = { theme: 'default' };
    const activity =
      commandId === null
        ? invokeActivity(
            scene,
            'task/submit',
            { data, context },
            messageId === null ? {} : { replyToId: messageId },
          )
        : invokeActivity(scene, 'composeExtension/submitAction', {
            commandId,
            commandContext: 'message',
            data,
            context,
          });
    return this.#send(activity, { messageId, commandId });
  }

  fromMessage(
    what: 'create_ticket' | 'update_ticket',
    message: { text: string; author: string },
    where: Where = {},
  ): Promise<Gesture> {
    const commandId = commands[what];
    const messagePayload: JsonObject = {
      id: '1700000000000',
      messageType: 'message',
      createdDateTime: '2023-11-14T22:13:20Z',
      from: { user: { id: randomUUID(), displayName: message.author, userIdentityType: 'aadUser' } },
      body: { contentType: 'text', content: message.text },
      linkToMessage: 'https://teams.microsoft.com/l/message/19:channel@thread.tacv2/1700000000000',
    };
    const value = { commandId, commandContext: 'message', context: { theme: 'default' }, messagePayload };
    const activity = invokeActivity(this.#scene(where), 'composeExtension/fetchTask', value);
    return this.#send(activity, { commandId });
  }

  async openHome(): Promise<null> {
    return null;
  }

  async search(text: string, where: Where = {}): Promise<SeenSearch> {
    const { status, body } = await this.simulator.search(text, this.#by(where));
    return { status, ...readSearch(body) };
  }

  async choose(hit: SeenHit, where: Where = {}): Promise<SeenMessage> {
    const { conversation } = this.#scene(where);
    const id = nextMessageId();
    this.simulator.oracle.recordPost({
      id,
      conversationId: conversation.id,
      threadId: null,
      replyToId: null,
      appId: null,
      byPerson: true,
      activity: withCard({ type: 'message' }, JSON.parse(hit.handle) as JsonObject),
    });
    return this.#seen(this.#found(conversation.id, id));
  }

  async install(where: Where = {}): Promise<Gesture> {
    await this.#send(botAddedActivity(this.#scene(where)));
    return await this.#send(installationActivity(this.#scene(where), 'add'));
  }

  uninstall(where: Where = {}): Promise<Gesture> {
    return this.#send(installationActivity(this.#scene(where), 'remove'));
  }

  noise(kind: Noise, where: Where = {}): Promise<Gesture> {
    const scene = this.#scene(where);
    switch (kind) {
      case 'bot':
        return this.#send({
          ...messageActivity(scene, 'new ticket from a bot'),
          from: { id: '28:other-bot', name: 'Another bot', role: 'bot' },
        });
      case 'echo':
        return this.#send({
          ...messageActivity(scene, 'new ticket from myself'),
          from: { id: `28:${scene.appId}`, name: scene.botName },
        });
      case 'edit': {
        const edited = { text: 'new ticket edited', channelData: { eventType: 'editMessage' } };
        return this.#send(otherActivity(scene, 'messageUpdate', this.#withTenant(scene, edited)));
      }
      case 'deletion': {
        const deleted = { channelData: { eventType: 'softDeleteMessage' } };
        return this.#send(otherActivity(scene, 'messageDelete', this.#withTenant(scene, deleted)));
      }
      case 'join':
        return this.#send(
          otherActivity(scene, 'conversationUpdate', { membersAdded: [{ id: '29:somebody' }] }),
        );
    }
  }

  async messages(where: Where = {}): Promise<SeenMessage[]> {
    return this.simulator.oracle.visible(this.#scene(where).conversation.id).map((each) => this.#seen(each));
  }

  async nextMessage(
    where: Where,
    known: readonly Pick<SeenMessage, 'id' | 'versions'>[],
    timeoutMs = 5_000,
  ): Promise<SeenMessage> {
    const { id } = this.#scene(where).conversation;
    const versions = new Map(known.map((message) => [message.id, message.versions]));
    const message = await this.simulator.oracle.waitFor(
      (each) => each.conversationId === id && each.history.length > (versions.get(each.id) ?? 0),
      timeoutMs,
    );
    return this.#seen(message);
  }

  watch(listener: (message: SeenMessage) => void): () => void {
    return this.simulator.oracle.subscribe((message, { kind }) => {
      if (kind !== 'delete') listener(this.#seen(message));
    });
  }

  postedByBot(): SeenMessage[] {
    return this.simulator.posted().map((message) => this.#seen(message));
  }

  violations(): number {
    return this.simulator.limits.violations;
  }

  /** A person's client tells the bot that everything up to this message was read. */
  read(message: SeenMessage, where: Where = {}): Promise<Gesture> {
    return this.#send(readReceiptActivity(this.#scene(where), message.id));
  }

  close(): Promise<void> {
    return this.simulator.close();
  }

  #scene(where: Where): Scene {
    return this.simulator.scene(this.#by(where));
  }

  #by(where: Where): By {
    const installation = this.installations.find(({ key }) => key === where.installation);
    const by: By = {
      ...(where.as === undefined ? {} : { as: where.as }),
      ...(installation === undefined
        ? {}
        : { appId: installation.appId, organization: installation.organization }),
    };
    const conversation = conversationOf(where);
    return conversation === null ? by : { ...by, conversation };
  }

  async #send(
    activity: JsonObject,
    of: { pressed?: OracleMessage; messageId?: string | null; commandId?: string | null } = {},
  ): Promise<Gesture> {
    const answer = await this.simulator.sendActivity(activity);
    const replaced = of.pressed === undefined ? null : this.#replace(of.pressed, answer.body);
    const shown = readAnswer(answer.body, {
      messageId: of.pressed?.id ?? of.messageId ?? null,
      commandId: of.commandId ?? null,
    });
    return {
      status: answer.status,
      messageId: activity.type === 'message' ? String(activity.id) : null,
      eventKey: eventKeyOf(activity),
      form: shown?.form ?? null,
      shown,
      replaced,
      repeat: (kind = 'same') => {
        const isLater = kind === 'later' && activity.type === 'invoke';
        return this.#send(isLater ? { ...activity, id: `f:${randomUUID()}` } : activity, of);
      },
    };
  }

  /** A card in the answer to a button replaces the message's, as in a client. */
  #replace(pressed: OracleMessage, body: JsonValue): SeenMessage | null {
    const card = replacementCard(body);
    if (card === null) return null;
    const { conversationId, id } = pressed;
    this.simulator.oracle.recordChange(conversationId, id, 'answer', withCard(pressed.activity, card));
    return this.#seen(pressed);
  }

  #find(message: SeenMessage): OracleMessage {
    return this.#found(message.conversation, message.id);
  }

  #found(conversationId: string, messageId: string): OracleMessage {
    const found = this.simulator.oracle.find(conversationId, messageId);
    if (found === null) throw new Error('there is no such message');
    return found;
  }

  #seen(message: OracleMessage): SeenMessage {
    const card = cardOf(message.activity);
    // Its card may have been replaced since, and the mark with it.
    const first = cardOf(message.history[0]?.activity ?? message.activity);
    const handle: FormHandle | null = card === null ? null : { card, messageId: message.id, commandId: null };
    const seen =
      card === null
        ? readActivityText(String(message.activity.text ?? ''))
        : readCard(card, { title: '', handle: JSON.stringify(handle) });
    return {
      id: message.id,
      conversation: message.conversationId,
      replyTo: message.replyToId ?? message.threadId,
      token: first === null ? null : tokenOf(first),
      card: seen,
      text: textOfCard(seen),
      versions: message.history.length,
      onlyFor: null,
    };
  }

  #withTenant(scene: Scene, fields: { channelData: JsonObject } & JsonObject): JsonObject {
    return { ...fields, channelData: { ...fields.channelData, tenant: { id: scene.organization } } };
  }
}

function conversationOf(where: Where): SimulatedConversation | null {
  const { place, thread } = where;
  if (place === undefined || place.kind === 'personal') return null;
  return place.kind === 'group' ? groupChat(place.name) : channel(place.name, thread?.replyTo ?? thread?.id);
}

/** As the bot must dedupe it: activity ids are unique inside a conversation, per type. */
function eventKeyOf(activity: JsonObject): string {
  const conversation = isObject(activity.conversation) ? String(activity.conversation.id) : '';
  return `${conversation}|${String(activity.type)}|${String(activity.id)}`;
}
