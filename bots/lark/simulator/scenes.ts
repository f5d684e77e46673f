/** Turns "who acts where" into the ids of the platform, and keeps what people write. */
import type { Clock } from '../../../src/kernel/ports.ts';
import type { SimulatedInstallation, Where } from '../../../src/kernel/simulated-chat.ts';
import { type Chats, groupChat, personalChat, textContent } from './chats.ts';
import type { Scene } from './events.ts';
import type { Identity } from './identity.ts';
import type { Oracle, OracleMessage } from './oracle.ts';
import type { Directory, LarkPerson } from './people.ts';

interface Surroundings {
  clock: Clock;
  identity: Identity;
  directory: Directory;
  chats: Chats;
  oracle: Oracle;
  botName: string;
}

export class Scenes {
  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** The installation of this key; the first one without a key. @throws Error when there is none */
  installation(key: string | undefined): SimulatedInstallation {
    const found = this.#around.identity.installations.find((one) => key === undefined || one.key === key);
    if (found === undefined) throw new Error(`there is no installation "${key}"`);
    return found;
  }

  /** The scene of an act, in a chat that exists from then on; the bot is in a group that it was never removed from. */
  scene(where: Where): Scene {
    const { directory, chats, identity, oracle, clock, botName } = this.#around;
    const person = where.as === undefined ? this.#anybody() : directory.person(where.as);
    const { appId, organization } = this.installation(where.installation);
    const place = where.place ?? { kind: 'personal' };
    const chat =
      place.kind === 'personal'
        ? personalChat(person, appId, organization)
        : groupChat(place.kind, place.name, organization);
    chats.open(chat);
    if (chats.hasBot(chat, appId) === null) chats.setBot(chat, appId, true);
    const parentId = where.thread?.id ?? null;
    return {
      person,
      openId: directory.openId(person, appId),
      chat,
      appId,
      organization,
      verificationToken: identity.app(appId).verificationToken,
      botName,
      botOpenId: directory.botOpenId(appId),
      parentId,
      rootId: parentId === null ? null : (oracle.findById(parentId)?.rootId ?? parentId),
      now: clock.now(),
    };
  }

  /** The scene of a press: its message decides the chat and the app. @throws Error for a message in no chat */
  sceneOfMessage(message: OracleMessage, as: string | undefined): { scene: Scene; installation: string } {
    const installation = `${message.appId}@${message.organization}`;
    const chat = this.#around.chats.find(message.chatId);
    if (chat === null) throw new Error('the message stands in no chat');
    const scene = this.scene({ installation, ...(as === undefined ? {} : { as }) });
    return { scene: { ...scene, chat }, installation };
  }

  /** Keeps what the person of the scene wrote, so that the bot can read it. */
  write(scene: Scene, id: string, text: string, mentionsBot: boolean): void {
    const mentions = mentionsBot && scene.chat.type === 'group';
    this.#around.chats.recordPersonMessage({
      id,
      chatId: scene.chat.id,
      organization: scene.organization,
      author: scene.person,
      parentId: scene.parentId,
      rootId: scene.rootId,
      content: textContent(mentions ? `@_user_1 ${text}` : text),
      mentionsBot: mentions,
      at: scene.now,
    });
  }

  #anybody(): LarkPerson {
    const [first] = this.#around.directory.people;
    if (first === undefined) throw new Error('there are no people');
    return first;
  }
}
