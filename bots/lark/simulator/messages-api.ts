/** The message routes of the Open API: create, reply, update, read, recall, who has read, and the delayed update. */
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import type { Clock } from '../../../src/kernel/ports.ts';
import { isObject, parseObject } from '../../shared/json.ts';
import type { Answer } from '../../shared/simulator/server.ts';
import { refuse, success } from './answers.ts';
import { type Chats, type LarkChat, nextMessageId, type PersonMessage, personalChat } from './chats.ts';
import { faultOfCard, maxCardBytes } from './check-card.ts';
import { drawContent } from './draw-card.ts';
import type { Caller } from './identity.ts';
import type { Oracle, OracleMessage } from './oracle.ts';
import type { Directory, PersonIdType } from './people.ts';
import type { UpdateTokens } from './update-tokens.ts';

const maxTextBytes = 150 * 1024;
const maxUuidLength = 50;
const dedupeMs = 3_600_000;
const editableMs = 14 * 86_400_000;

interface Surroundings {
  chats: Chats;
  directory: Directory;
  oracle: Oracle;
  updateTokens: UpdateTokens;
  clock: Clock;
  botName: string;
}

export class MessagesApi {
  readonly #around: Surroundings;
  /** First message of each uuid, per app and organization. */
  readonly #byUuid = new Map<string, { message: OracleMessage; until: number }>();
  readonly #readers = new Map<string, { openId: string; at: Date }[]>();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  create(caller: Caller, idType: string | null, body: JsonObject): Answer {
    const chat = this.#receiver(caller, idType, body.receive_id);
    return 'status' in chat ? chat : this.#post(caller, chat, null, body);
  }

  reply(caller: Caller, messageId: string, body: JsonObject): Answer {
    const parent = this.#find(caller, messageId);
    if (parent === null) return refuse('parameter', 'invalid message_id');
    if ('deleted' in parent && parent.deleted) return refuse('recalled');
    const chat = this.#around.chats.find(parent.chatId);
    return chat === null ? refuse('notInChat') : this.#post(caller, chat, parent, body);
  }

  update(caller: Caller, messageId: string, body: JsonObject): Answer {
    const message = this.#own(caller, messageId);
    if ('status' in message) return message;
    const content = String(body.content);
    const now = this.#around.clock.now();
    if (now.getTime() - (message.history[0]?.at.getTime() ?? 0) > editableMs) return refuse('tooOld');
    const fault = faultOfContent('interactive', content);
    if (fault !== null) return fault;
    this.#around.oracle.recordChange(message, 'update', content, now);
    return success({});
  }

  recall(caller: Caller, messageId: string): Answer {
    const message = this.#find(caller, messageId);
    if (message === null) return refuse('parameter', 'invalid message_id');
    if (!('deleted' in message) || message.appId !== caller.appId) return refuse('notRecallable');
    if (message.deleted) return refuse('recalled');
    this.#around.oracle.recordDelete(message, this.#around.clock.now());
    return success({});
  }

  /** @param named whether senders' names are asked for */
  read(caller: Caller, messageId: string, named: boolean): Answer {
    const message = this.#find(caller, messageId);
    if (message === null) return refuse('parameter', 'invalid message_id');
    if (this.#hasBot(caller, message.chatId) !== true) return refuse('notInChat');
    const item = this.#presented(caller, message);
    if (named && isObject(item.sender)) item.sender.sender_name = this.#nameOf(message);
    return success({ items: [item] });
  }

  readUsers(caller: Caller, messageId: string): Answer {
    const message = this.#own(caller, messageId);
    if ('status' in message) return message;
    const items = (this.#readers.get(messageId) ?? []).map(({ openId, at }) => ({
      user_id_type: 'open_id',
      user_id: openId,
      timestamp: String(at.getTime()),
      tenant_key: caller.organization,
    }));
    return success({ items, has_more: false, page_token: '' });
  }

  /** The delayed update of a card, with the token of a callback. */
  updateByToken(caller: Caller, body: JsonObject): Answer {
    if (!isObject(body.card)) return refuse('parameter', 'invalid card');
    const content = JSON.stringify(body.card);
    if (Buffer.byteLength(content) > maxCardBytes) return refuse('tooLong');
    const fault = faultOfCard(body.card);
    if (fault !== null) return refuse('badCard', `ErrMsg: ${fault}`);
    const messageId = this.#around.updateTokens.use(String(body.token), caller.appId);
    const message = messageId === null ? null : this.#around.oracle.findById(messageId);
    if (message === null || message.deleted) return refuse('updateToken');
    this.#around.oracle.recordChange(message, 'delayed', content, this.#around.clock.now());
    return success({});
  }

  /** Notes that somebody has seen the messages. */
  markRead(messageIds: readonly string[], openId: string, at: Date): void {
    for (const id of messageIds) {
      const readers = this.#readers.get(id) ?? [];
      if (!readers.some((reader) => reader.openId === openId)) readers.push({ openId, at });
      this.#readers.set(id, readers);
    }
  }

  /** Forgets uuids and readers. */
  clear(): void {
    this.#byUuid.clear();
    this.#readers.clear();
  }

  #receiver(caller: Caller, idType: string | null, id: JsonObject[string]): LarkChat | Answer {
    const { chats, directory } = this.#around;
    if (typeof id !== 'string') return refuse('parameter', 'invalid receive_id');
    if (idType === 'chat_id') {
      const chat = chats.find(id);
      return chat === null || chat.organization !== caller.organization
        ? refuse('parameter', 'invalid receive_id')
        : chat;
    }
    if (idType !== 'open_id' && idType !== 'union_id' && idType !== 'email')
      return refuse('parameter', 'invalid receive_id_type');
    const person = directory.find(idType satisfies PersonIdType, id, caller.appId);
    if (person === null) return refuse('parameter', 'invalid receive_id');
    const chat = personalChat(person, caller.appId, caller.organization);
    chats.open(chat);
    return chat;
  }

  #post(
    caller: Caller,
    chat: LarkChat,
    parent: OracleMessage | PersonMessage | null,
    body: JsonObject,
  ): Answer {
    const { oracle, clock } = this.#around;
    const { uuid, msg_type: msgType, content } = body;
    if (uuid !== undefined && (typeof uuid !== 'string' || uuid.length > maxUuidLength))
      return refuse('parameter', 'invalid uuid');
    if (typeof msgType !== 'string' || typeof content !== 'string')
      return refuse('parameter', 'msg_type and content must be texts');
    if (this.#hasBot(caller, chat.id) !== true) return refuse('notInChat');
    const now = clock.now();
    const key = uuid ? `${caller.appId} ${caller.organization} ${uuid}` : null;
    const first = key === null ? undefined : this.#byUuid.get(key);
    if (first !== undefined && now.getTime() < first.until) {
      oracle.recordDeduped(first.message);
      return success(this.#presented(caller, first.message));
    }
    const fault = faultOfContent(msgType, content);
    if (fault !== null) return fault;
    const message = oracle.recordPost(
      {
        id: nextMessageId(),
        chatId: chat.id,
        organization: caller.organization,
        appId: caller.appId,
        msgType,
        parentId: parent?.id ?? null,
        rootId: parent === null ? null : (parent.rootId ?? parent.id),
        token: uuid ?? null,
        content,
      },
      now,
    );
    if (key !== null) this.#byUuid.set(key, { message, until: now.getTime() + dedupeMs });
    return success(this.#presented(caller, message));
  }

  #hasBot(caller: Caller, chatId: string): boolean | null {
    const chat = this.#around.chats.find(chatId);
    return chat === null ? null : this.#around.chats.hasBot(chat, caller.appId);
  }

  /** A message of the caller's organization. */
  #find(caller: Caller, id: string): OracleMessage | PersonMessage | null {
    const message = this.#around.oracle.findById(id) ?? this.#around.chats.personMessage(id);
    return message?.organization === caller.organization ? message : null;
  }

  /** A message that the app itself sent and that still stands; or the refusal. */
  #own(caller: Caller, id: string): OracleMessage | Answer {
    const message = this.#find(caller, id);
    if (message === null) return refuse('parameter', 'invalid message_id');
    if (!('deleted' in message) || message.appId !== caller.appId) return refuse('notSender');
    return message.deleted ? refuse('recalled') : message;
  }

  #nameOf(message: OracleMessage | PersonMessage): string {
    return 'author' in message ? message.author.name : this.#around.botName;
  }

  #presented(caller: Caller, message: OracleMessage | PersonMessage): JsonObject {
    const { directory } = this.#around;
    const common = {
      message_id: message.id,
      ...(message.parentId === null ? {} : { parent_id: message.parentId }),
      ...(message.rootId === null ? {} : { root_id: message.rootId }),
      chat_id: message.chatId,
    };
    if (!('deleted' in message)) {
      const time = String(message.at.getTime());
      const mention = {
        key: '@_user_1',
        id: directory.botOpenId(caller.appId),
        id_type: 'open_id',
        name: this.#around.botName,
        tenant_key: caller.organization,
      };
      return {
        ...common,
        msg_type: 'text',
        create_time: time,
        update_time: time,
        deleted: false,
        updated: false,
        sender: senderOf(caller, directory.openId(message.author, caller.appId), 'open_id', 'user'),
        body: { content: message.content },
        ...(message.mentionsBot ? { mentions: [mention] } : {}),
      };
    }
    return {
      ...common,
      msg_type: message.msgType,
      create_time: String(message.history[0]?.at.getTime()),
      update_time: String(message.history.at(-1)?.at.getTime()),
      deleted: message.deleted,
      updated: message.history.length > 1,
      sender: senderOf(caller, message.appId, 'app_id', 'app'),
      body: { content: readableContent(message) },
    };
  }
}

function senderOf(caller: Caller, id: string, idType: string, type: string): JsonObject {
  return { id, id_type: idType, sender_type: type, tenant_key: caller.organization };
}

/** Cards are given back as their texts, not as they were sent. */
function readableContent(message: OracleMessage): string {
  if (message.deleted) return 'This message was recalled';
  if (message.msgType !== 'interactive') return message.content;
  const { lines } = drawContent('interactive', message.content, { messageId: message.id, version: 1 });
  const title = lines.find(({ kind }) => kind === 'title')?.text ?? null;
  const texts = lines.filter(({ kind }) => kind !== 'title').map(({ text }) => [{ tag: 'text', text }]);
  return JSON.stringify({ title, elements: texts });
}

function faultOfContent(msgType: string, content: string): Answer | null {
  if (!['text', 'post', 'interactive'].includes(msgType)) return refuse('parameter', 'invalid msg_type');
  const limit = msgType === 'text' ? maxTextBytes : maxCardBytes;
  // The limits are those of the request, in which the content is a JSON text with its quotes escaped.
  if (Buffer.byteLength(JSON.stringify(content)) > limit) return refuse('tooLong');
  const parsed = parseObject(content);
  if (parsed === null) return refuse('parameter', 'content is not a JSON object');
  if (msgType === 'text')
    return typeof parsed.text === 'string' && parsed.text !== ''
      ? null
      : refuse('parameter', 'text content is empty');
  const fault = msgType === 'interactive' ? faultOfCard(parsed) : null;
  return fault === null ? null : refuse('badCard', `ErrMsg: ${fault}`);
}
