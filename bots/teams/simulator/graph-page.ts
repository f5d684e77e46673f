/** Messages as Graph lists them: filtered by time, ordered, a page at a time. */
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import { isObject } from '../../shared/json.ts';
import type { OracleMessage } from './oracle.ts';
import type { SimulatedConversation } from './people.ts';

const defaultPageSize = 20;
const maxPageSize = 50;

/**
 * The page that the address asks for. Channels have posts alone, and no order but that of posting; chats the newest first.
 * What Graph does not know of filters it ignores, and so does this.
 */
export function graphPage(
  messages: readonly OracleMessage[],
  conversation: SimulatedConversation,
  url: URL,
): JsonObject {
  const isChannel = conversation.type === 'channel';
  const filter = url.searchParams.get('$filter') ?? '';
  const listed = messages
    .filter((message) => !isChannel || message.threadId === null || message.threadId === message.id)
    .filter((message) => fits(message, filter));
  if (!isChannel) listed.reverse();
  const size = Math.min(Math.max(Number(url.searchParams.get('$top')) || defaultPageSize, 1), maxPageSize);
  const start = Math.max(Number(url.searchParams.get('$skiptoken')) || 0, 0);
  const page = { value: listed.slice(start, start + size).map((message) => present(message, conversation)) };
  if (start + size < listed.length) {
    const next = new URL(url);
    next.searchParams.set('$skiptoken', String(start + size));
    return { ...page, '@odata.nextLink': next.href };
  }
  return isChannel ? { ...page, '@odata.deltaLink': `${url.origin}${url.pathname}?$deltatoken=1` } : page;
}

function fits(message: OracleMessage, filter: string): boolean {
  const [, field, operator, value = ''] =
    /^(createdDateTime|lastModifiedDateTime) (lt|gt) (\S+)$/.exec(filter) ?? [];
  const bound = Date.parse(value);
  if (Number.isNaN(bound)) return true;
  const { created, modified } = timesOf(message);
  const time = (field === 'createdDateTime' ? created : modified).getTime();
  return operator === 'lt' ? time < bound : time > bound;
}

function timesOf({ history }: OracleMessage): { created: Date; modified: Date } {
  const created = history[0]?.at ?? new Date(0);
  return { created, modified: history.at(-1)?.at ?? created };
}

function present(message: OracleMessage, conversation: SimulatedConversation): JsonObject {
  const { created, modified } = timesOf(message);
  const attachments = message.deleted ? [] : attachmentsOf(message);
  const from = isObject(message.activity.from) ? String(message.activity.from.id) : '';
  return {
    id: message.id,
    replyToId: null,
    messageType: 'message',
    createdDateTime: created.toISOString(),
    lastModifiedDateTime: modified.toISOString(),
    deletedDateTime: message.deleted ? modified.toISOString() : null,
    chatId: conversation.type === 'channel' ? null : conversation.id,
    from: {
      user: null,
      application: { id: message.appId ?? from.replace(/^28:/, ''), applicationIdentityType: 'bot' },
    },
    body: {
      contentType: 'html',
      content: attachments.map(({ id }) => `<attachment id="${String(id)}"></attachment>`).join(''),
    },
    attachments,
  };
}

function attachmentsOf({ id, activity }: OracleMessage): JsonObject[] {
  const attachments = Array.isArray(activity.attachments) ? activity.attachments.filter(isObject) : [];
  return attachments.map(({ contentType, content }, index) => ({
    id: `${id}-${index}`,
    contentType,
    contentUrl: null,
    content: JSON.stringify(content),
  }));
}
