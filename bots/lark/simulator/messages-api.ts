/** The routes of the Open API that change messages: create, reply, update, recall, and the delayed update. */
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import type { Clock } from '../../../src/kernel/ports.ts';
import { isObject, parseObject } from '../../shared/json.ts';
import type { Answer } from '../../shared/simulator/server.ts';
import { refuse, success } from './answers.ts';
import { type Chats, type LarkChat, nextMessageId, type PersonMessage, personalChat } from './chats.ts';
import { faultOfCard, maxCardBytes } from './check-card.ts';
import type { Caller } from './identity.ts';
import type { Oracle, OracleMessage } from './oracle.ts';
import type { Directory, PersonIdType } from './people.ts';
import { postedAt, presentMessage } from './present-message.ts';
import type { PublishedLimits } from './published-limits.ts';
import type { UpdateTokens } from './update-tokens.ts';

const maxTextBytes = 150 * 1024;
const maxUuidLength = 50;
const dedupeMs = 3_600_000;
const editableMs = 14 * 86_400_000;
/** What organizations set unless they choose another time. */
const recallableMs = 86_400_000;

interface Surroundings {
  chats: Chats;
  directory: Directory;
  oracle: Oracle;
  updateTokens: UpdateTokens;
  clock: Clock;
  botName: string;
  limits: PublishedLimits;
}

export class MessagesApi {
  readonly #around: Surroundings;
  /** First message of each uuid, per app and organization. */
  readonly #byUuid = new Map<string, { message: OracleMessage; until: number }>();
  readonly #refusals = new Map<string, number>();
  #maxContentBytes = Number.POSITIVE_INFINITY;

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
    const limited = this.#around.limits.take(caller, { operation: 'update', target: messageId });
    if (limited !== null) return limited;
    const content = String(body.content);
    const now = this.#around.clock.now();
    if (now.getTime() - postedAt(message) > editableMs) return refuse('tooOld');
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
    if (this.#hasBot(caller, message.chatId) !== true) return refuse('notInChat');
    const now = this.#around.clock.now();
    if (now.getTime() - postedAt(message) > recallableMs) return refuse('tooLate');
    this.#around.oracle.recordDelete(message, now);
    return success({});
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

  /**
   * From now on the person's chat with the app refuses what the bot sends, with this code; null ends that. 230013: the
   * person is outside the app's availability; 230053: the person stopped the bot.
   */
  setRefusal(chatId: string, code: number | null): void {
    if (code === null) this.#refusals.delete(chatId);
    else this.#refusals.set(chatId, code);
  }

  /** Content of more bytes is refused as too long; null: the published limit holds. */
  limitContent(bytes: number | null): void {
    this.#maxContentBytes = bytes ?? Number.POSITIVE_INFINITY;
  }

  /** Forgets uuids. */
  clear(): void {
    this.#byUuid.clear();
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
    const { oracle, clock, limits } = this.#around;
    const { uuid, msg_type: msgType, content } = body;
    if (uuid !== undefined && (typeof uuid !== 'string' || uuid.length > maxUuidLength))
      return refuse('parameter', 'invalid uuid');
    if (typeof msgType !== 'string' || typeof content !== 'string')
      return refuse('parameter', 'msg_type and content must be texts');
    const limited = limits.take(caller, { operation: 'send', target: chat.id });
    if (limited !== null) return limited;
    const refusal = this.#refusals.get(chat.id);
    if (refusal !== undefined) return { status: 400, body: { code: refusal, msg: 'refused for this chat' } };
    if (this.#hasBot(caller, chat.id) !== true) return refuse('notInChat');
    const now = clock.now();
    const key = uuid ? `${caller.appId} ${caller.organization} ${uuid}` : null;
    const first = key === null ? undefined : this.#byUuid.get(key);
    if (first !== undefined && now.getTime() < first.until) {
      oracle.recordDeduped(first.message);
      return success(presentMessage(this.#around, caller, first.message));
    }
    if (Buffer.byteLength(content) > this.#maxContentBytes) return refuse('tooLong');
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
    if (key !== null) this.#rememberUuid(key, message, now.getTime());
    return success(presentMessage(this.#around, caller, message));
  }

  /** Those whose hour is over are forgotten: they stand first. */
  #rememberUuid(key: string, message: OracleMessage, now: number): void {
    this.#byUuid.delete(key);
    this.#byUuid.set(key, { message, until: now + dedupeMs });
    for (const [old, { until }] of this.#byUuid) {
      if (until > now) break;
      this.#byUuid.delete(old);
    }
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
