/** The chats of the simulated organizations: which bots are in them, and what people wrote there. */
import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import { digest, type LarkPerson } from './people.ts';

export interface LarkChat {
  /** `oc_…`. */
  id: string;
  type: 'p2p' | 'group';
  name: string;
  organization: string;
  /** Key of the person and id of the app whose chat it is; p2p only. */
  personKey: string | null;
  appId: string | null;
}

/** What a person wrote, as the Open API gives it back. */
export interface PersonMessage {
  id: string;
  chatId: string;
  organization: string;
  author: LarkPerson;
  parentId: string | null;
  rootId: string | null;
  /** As in the event: `{"text":"…"}`, with `@_user_1` where the bot is mentioned. */
  content: string;
  mentionsBot: boolean;
  at: Date;
}

/** The one chat of a person with an app in an organization. */
export function personalChat(person: LarkPerson, appId: string, organization: string): LarkChat {
  const id = `oc_${digest(`chat ${appId} ${organization} ${person.key}`)}`;
  return { id, type: 'p2p', name: person.name, organization, personKey: person.key, appId };
}

/** A group, the same for the same name. Lark has no channels: one of that name is a group of its own. */
export function groupChat(kind: 'group' | 'channel', name: string, organization: string): LarkChat {
  const id = `oc_${digest(`${kind} ${organization} ${name}`)}`;
  return { id, type: 'group', name, organization, personKey: null, appId: null };
}

/** `om_…`, never the same twice. */
export function nextMessageId(): string {
  return `om_${randomUUID().replaceAll('-', '')}`;
}

/** Chats that exist, by id. */
export class Chats {
  readonly #chats = new Map<string, LarkChat>();
  /** App ids of the bots in each group; false: it was there and was removed. */
  readonly #bots = new Map<string, Map<string, boolean>>();
  readonly #messages = new Map<string, PersonMessage>();

  /** Makes the chat known. */
  open(chat: LarkChat): void {
    this.#chats.set(chat.id, chat);
  }

  find(id: string): LarkChat | null {
    return this.#chats.get(id) ?? null;
  }

  setBot(chat: LarkChat, appId: string, present: boolean): void {
    this.open(chat);
    const bots = this.#bots.get(chat.id) ?? new Map<string, boolean>();
    bots.set(appId, present);
    this.#bots.set(chat.id, bots);
  }

  /** Whether the app's bot is in the chat; null for a group that it has nothing to do with so far. */
  hasBot(chat: LarkChat, appId: string): boolean | null {
    if (chat.type === 'p2p') return chat.appId === appId;
    return this.#bots.get(chat.id)?.get(appId) ?? null;
  }

  recordPersonMessage(message: PersonMessage): void {
    this.#messages.set(message.id, message);
  }

  personMessage(id: string): PersonMessage | null {
    return this.#messages.get(id) ?? null;
  }

  /** What people wrote in a chat, in its order. */
  messagesOf(chatId: string): PersonMessage[] {
    return [...this.#messages.values()].filter((message) => message.chatId === chatId);
  }

  /** Forgets what people wrote, so that a long run does not fill the memory. */
  clear(): void {
    this.#messages.clear();
  }
}

/** The content of a text message, as events and the Open API carry it. */
export function textContent(text: string): string {
  const content: JsonObject = { text };
  return JSON.stringify(content);
}
