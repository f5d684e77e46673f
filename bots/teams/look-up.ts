/** What became of a send whose outcome is unknown: the conversation is read through Graph, and our mark looked for. */
import type { LookUp, OutboundDelivery, UnknownSend } from '../../src/kernel/notification.ts';
import { isEntraId } from './addressing.ts';
import type { TeamsCalls } from './calls.ts';
import { conversationOf } from './deliver.ts';
import { lookUpOfOutcome, lookUpOfRefusal } from './graph-errors.ts';
import { type ChatMessage, readPage } from './graph-messages.ts';
import { graphUrl } from './hosts.ts';
import { markOf } from './render.ts';
import { groupOfTeam } from './team.ts';

/** The largest page that Graph gives, and as many of them as are read before it is given up. */
const pageSize = 50;
const maxPages = 20;

/** Our clock and that of Teams may differ by so much. */
const skewMs = 2 * 60_000;

/** Where the messages of a conversation are read, newest first or within the time. */
interface Source {
  url: string;
  /** Of the permission that it takes, for the administrator. */
  permission: string;
  /** A message from before this moment is the sign that everything after it was read; null: the pages end by themselves. */
  until: Date | null;
}

/**
 * What Teams itself dedupes can be sent again: an entry of the feed takes its predecessor's place. Anything else is
 * looked for where Graph lets us read.
 */
export async function lookUp(
  calls: TeamsCalls,
  delivery: OutboundDelivery,
  send: UnknownSend,
): Promise<LookUp> {
  if (delivery.destination.type === 'teams_feed') return { result: 'repeatable' };
  const base = graphUrl(delivery.registration, calls.settings);
  if (base === null) return { result: 'unknowable', detail: 'The demo has no Microsoft Graph here.' };
  const from = new Date(send.firstStartedAt.getTime() - skewMs);
  const to = new Date(send.notAfter.getTime() + skewMs);
  const isChannel = delivery.destination.type === 'teams_channel';
  const source = isChannel
    ? await channelSource(calls, delivery, base, from)
    : chatSource(delivery, base, from, to);
  return 'result' in source ? source : await search(calls, delivery, base, source);
}

/**
 * Posts of a channel that are new, changed or answered since then
 * (https://learn.microsoft.com/graph/api/chatmessage-delta).
 */
async function channelSource(
  calls: TeamsCalls,
  delivery: OutboundDelivery,
  base: string,
  from: Date,
): Promise<Source | LookUp> {
  const group = await groupOfTeam(calls, delivery);
  if ('result' in group) return group;
  const conversation = conversationOf(delivery.destination, delivery.reference) ?? delivery.destination.id;
  const channel = `${base}/teams/${encodeURIComponent(group.id)}/channels/${encodeURIComponent(conversation)}`;
  const query = queryOf({
    $top: String(pageSize),
    $filter: `lastModifiedDateTime gt ${from.toISOString()}`,
  });
  return {
    url: `${channel}/messages/delta?${query}`,
    permission:
      'ChannelMessage.Read.Group, which the app package asks each team for (or ChannelMessage.Read.All)',
    until: null,
  };
}

/** Messages of a chat up to then, newest first (https://learn.microsoft.com/graph/api/chat-list-messages). */
function chatSource(delivery: OutboundDelivery, base: string, from: Date, to: Date): Source | LookUp {
  const { destination, reference, registration } = delivery;
  const conversation = conversationOf(destination, reference);
  const isGroup = conversation !== null && /@thread\.v2$/i.test(conversation);
  const chat = isGroup ? conversation : personalChat(delivery);
  if (chat === null) {
    return { result: 'unknowable', detail: "Microsoft Graph does not name a person's chat by this id." };
  }
  const query = queryOf({
    $top: String(pageSize),
    $orderby: 'createdDateTime desc',
    $filter: `createdDateTime lt ${to.toISOString()}`,
  });
  return {
    url: `${base}/chats/${encodeURIComponent(chat)}/messages?${query}`,
    permission: isGroup
      ? 'ChatMessage.Read.Chat, which the app package asks each chat for (or Chat.Read.All)'
      : `Chat.Read.All for the whole organization (app ${registration.appId}): no smaller permission covers a person's chat`,
    until: from,
  };
}

/**
 * Graph's name of a person's chat with the bot; the connector has another
 * (https://learn.microsoft.com/graph/api/chat-list-messages, its example of a chat with a bot).
 */
function personalChat({ destination, reference, registration }: OutboundDelivery): string | null {
  if (/@unq\.gbl\.spaces$/i.test(destination.id)) return destination.id;
  const person = reference?.platformUserId ?? destination.id;
  return isEntraId(person) ? `19:${person}_${registration.appId}@unq.gbl.spaces` : null;
}

async function search(
  calls: TeamsCalls,
  delivery: OutboundDelivery,
  base: string,
  source: Source,
): Promise<LookUp> {
  const { registration, timeoutMs, token } = delivery;
  const mark = markOf(token);
  let url = source.url;
  for (let pages = 0; pages < maxPages; pages += 1) {
    const answer = await calls.graph.call(registration, { method: 'GET', url }, timeoutMs);
    if (!answer.ok) return lookUpOfOutcome(answer.outcome);
    const { result } = answer;
    if (result.kind === 'failed' || result.status !== 200) {
      return lookUpOfRefusal(result, source.permission, calls.clock.now());
    }
    const page = readPage(result.body);
    if (page === null) return { result: 'later' };
    const ours = page.messages.find((message) => isOurs(message, registration.appId, mark));
    if (ours !== undefined) return { result: 'found', messageId: ours.id };
    if (page.next === null || reaches(page.messages, source.until)) return { result: 'absent' };
    // The token goes nowhere but to Graph.
    if (!page.next.startsWith(`${base}/`)) {
      return { result: 'unknowable', detail: 'Microsoft Graph continues its list at another address.' };
    }
    url = page.next;
  }
  const read = maxPages * pageSize;
  return { result: 'unknowable', detail: `There were more than ${read} messages to read since then.` };
}

/** A person cannot send our card, but another bot could copy it. */
function isOurs(message: ChatMessage, appId: string, mark: string): boolean {
  const isFromUs = message.appId?.toLowerCase() === appId.toLowerCase();
  return isFromUs && message.cards.some((card) => card.includes(mark));
}

function reaches(messages: readonly ChatMessage[], until: Date | null): boolean {
  return until !== null && messages.some(({ createdAt }) => createdAt !== null && createdAt < until);
}

function queryOf(parameters: Record<string, string>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
}
