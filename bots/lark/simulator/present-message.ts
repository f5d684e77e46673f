/** A message as the Open API gives it back: the sender's ids, times, and the content in the form that was asked for. */
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import type { PersonMessage } from './chats.ts';
import { drawContent } from './draw-card.ts';
import type { Caller } from './identity.ts';
import type { OracleMessage } from './oracle.ts';
import type { Directory } from './people.ts';

export type StoredMessage = OracleMessage | PersonMessage;

/** A message of a bot; people's cannot be recalled here. */
export function isOfBot(message: StoredMessage): message is OracleMessage {
  return 'deleted' in message;
}

/** When it was posted. */
export function postedAt(message: StoredMessage): number {
  return isOfBot(message) ? (message.history[0]?.at.getTime() ?? 0) : message.at.getTime();
}

export interface Presenter {
  directory: Directory;
  botName: string;
}

/** How much of a message is shown. */
export interface Shown {
  /** `with_sender_name`. */
  named?: boolean;
  /** `card_msg_content_type` is `user_card_content`. */
  wholeCards?: boolean;
}

export function presentMessage(
  presenter: Presenter,
  caller: Caller,
  message: StoredMessage,
  { named = false, wholeCards = false }: Shown = {},
): JsonObject {
  const common = {
    message_id: message.id,
    ...(message.parentId === null ? {} : { parent_id: message.parentId }),
    ...(message.rootId === null ? {} : { root_id: message.rootId }),
    chat_id: message.chatId,
    create_time: String(postedAt(message)),
  };
  const { directory, botName } = presenter;
  const sender = (id: string, idType: string, type: string, name: string): JsonObject => ({
    id,
    id_type: idType,
    sender_type: type,
    tenant_key: caller.organization,
    ...(named ? { sender_name: name } : {}),
  });
  if (isOfBot(message)) {
    return {
      ...common,
      msg_type: message.msgType,
      update_time: String(message.history.at(-1)?.at.getTime()),
      deleted: message.deleted,
      updated: message.history.length > 1,
      sender: sender(message.appId, 'app_id', 'app', botName),
      body: { content: readableContent(message, wholeCards) },
    };
  }
  const { author, at, content, mentionsBot } = message;
  const mention = {
    key: '@_user_1',
    id: directory.botOpenId(caller.appId),
    id_type: 'open_id',
    name: botName,
    tenant_key: caller.organization,
  };
  return {
    ...common,
    msg_type: 'text',
    update_time: String(at.getTime()),
    deleted: false,
    updated: false,
    sender: sender(directory.openId(author, caller.appId), 'open_id', 'user', author.name),
    body: { content },
    ...(mentionsBot ? { mentions: [mention] } : {}),
  };
}

/** Cards are given back as their texts; where they are asked for whole, also as they were sent. */
function readableContent(message: OracleMessage, wholeCards: boolean): string {
  if (message.deleted) return 'This message was recalled';
  if (message.msgType !== 'interactive') return message.content;
  const { lines } = drawContent('interactive', message.content, { messageId: message.id, version: 1 });
  const title = lines.find(({ kind }) => kind === 'title')?.text ?? null;
  const elements = lines.filter(({ kind }) => kind !== 'title').map(({ text }) => [{ tag: 'text', text }]);
  return JSON.stringify({ title, elements, ...(wholeCards ? { user_dsl: message.content } : {}) });
}
