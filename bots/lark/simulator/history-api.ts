/** The routes of the Open API that read messages: one, those of a chat by time, and who has seen one. */
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import type { Answer } from '../../shared/simulator/server.ts';
import { refuse, success } from './answers.ts';
import type { Chats } from './chats.ts';
import type { Caller } from './identity.ts';
import type { Oracle } from './oracle.ts';
import type { Directory } from './people.ts';
import { isOfBot, postedAt, presentMessage, type Shown, type StoredMessage } from './present-message.ts';

interface Surroundings {
  chats: Chats;
  directory: Directory;
  oracle: Oracle;
  botName: string;
  /** Permissions that the organization granted to its apps. */
  scopes: ReadonlySet<string>;
}

const maxPageSize = 50;
const historyScopes = ['im:message', 'im:message:readonly', 'im:message.history:readonly'];
const groupHistoryScope = 'im:message.group_msg';

export class HistoryApi {
  readonly #around: Surroundings;
  readonly #readers = new Map<string, { openId: string; at: Date }[]>();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** One message. */
  read(caller: Caller, messageId: string, query: URLSearchParams): Answer {
    const { oracle, chats } = this.#around;
    const message: StoredMessage | null = oracle.findById(messageId) ?? chats.personMessage(messageId);
    if (message === null || message.organization !== caller.organization)
      return refuse('parameter', 'invalid message_id');
    if (!this.#hasBot(caller, message.chatId)) return refuse('notInChat');
    return success({ items: [presentMessage(this.#around, caller, message, shownBy(query))] });
  }

  /**
   * Messages of a chat, recalled ones too; those of groups need a permission of their own.
   * @see https://open.feishu.cn/document/server-docs/im-v1/message/list
   */
  list(caller: Caller, query: URLSearchParams): Answer {
    const { chats, scopes } = this.#around;
    if (!historyScopes.some((scope) => scopes.has(scope))) return refuse('missingScope');
    const chat = chats.find(query.get('container_id') ?? '');
    if (query.get('container_id_type') !== 'chat' || chat?.organization !== caller.organization)
      return refuse('parameter', 'invalid container_id');
    if (!this.#hasBot(caller, chat.id)) return refuse('notInChat');
    if (chat.type === 'group' && !scopes.has(groupHistoryScope)) return refuse('notPermitted');
    const size = Number(query.get('page_size') ?? 20);
    const offset = Number(query.get('page_token') ?? 0);
    if (!(size >= 1 && size <= maxPageSize)) return refuse('parameter', 'invalid page_size');
    const found = this.#between(
      chat.id,
      secondsOf(query.get('start_time')),
      secondsOf(query.get('end_time')),
    );
    if (query.get('sort_type') === 'ByCreateTimeDesc') found.reverse();
    const items = found
      .slice(offset, offset + size)
      .map((message) => presentMessage(this.#around, caller, message, shownBy(query)));
    const more = offset + size < found.length;
    return success({ items, has_more: more, page_token: more ? String(offset + size) : '' });
  }

  /** Who has seen a message of the app's own. */
  readUsers(caller: Caller, messageId: string): Answer {
    const message = this.#around.oracle.findById(messageId);
    if (message?.organization !== caller.organization) return refuse('parameter', 'invalid message_id');
    if (message.appId !== caller.appId) return refuse('notSender');
    if (message.deleted) return refuse('recalled');
    const items: JsonObject[] = (this.#readers.get(messageId) ?? []).map(({ openId, at }) => ({
      user_id_type: 'open_id',
      user_id: openId,
      timestamp: String(at.getTime()),
      tenant_key: caller.organization,
    }));
    return success({ items, has_more: false, page_token: '' });
  }

  /** The permissions of the app. @see https://open.feishu.cn/document/server-docs/application-v6/scope/list */
  grantedScopes(): Answer {
    const scopes = [...this.#around.scopes].map((scope_name) => ({
      scope_name,
      scope_type: 'tenant',
      grant_status: 1,
    }));
    return success({ scopes });
  }

  /** Notes that somebody has seen the messages. */
  markRead(messageIds: readonly string[], openId: string, at: Date): void {
    for (const id of messageIds) {
      const readers = this.#readers.get(id) ?? [];
      if (!readers.some((reader) => reader.openId === openId)) readers.push({ openId, at });
      this.#readers.set(id, readers);
    }
  }

  clear(): void {
    this.#readers.clear();
  }

  /** In the order of posting; both ends, whole seconds, belong to it. */
  #between(chatId: string, start: number | null, end: number | null): StoredMessage[] {
    const { oracle, chats } = this.#around;
    const all: StoredMessage[] = [...oracle.all(chatId), ...chats.messagesOf(chatId)];
    const second = (message: StoredMessage) => Math.floor(postedAt(message) / 1000);
    return all
      .filter((message) => start === null || second(message) >= start)
      .filter((message) => end === null || second(message) <= end)
      .sort((a, b) => postedAt(a) - postedAt(b) || Number(isOfBot(a)) - Number(isOfBot(b)));
  }

  #hasBot(caller: Caller, chatId: string): boolean {
    const chat = this.#around.chats.find(chatId);
    return chat !== null && this.#around.chats.hasBot(chat, caller.appId) === true;
  }
}

// Both stand in the types of @larksuiteoapi/node-sdk 1.74.0; the documentation does not name them.
function shownBy(query: URLSearchParams): Shown {
  return {
    named: query.get('with_sender_name') === 'true',
    wholeCards: query.get('card_msg_content_type') === 'user_card_content',
  };
}

function secondsOf(text: string | null): number | null {
  return text === null || !/^\d{1,12}$/.test(text) ? null : Number(text);
}
