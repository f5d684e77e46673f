/** The simulated methods `conversations.*`. */
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import { isObject } from '../../shared/json.ts';
import type { Answer } from '../../shared/simulator/server.ts';
import type { Arguments } from './arguments.ts';
import { conversationFor } from './chat-methods.ts';
import { type Call, failed, lacking, type Method, missing, type Platform, succeeded } from './method.ts';
import { messageOf } from './objects.ts';
import type { OracleMessage } from './oracle.ts';
import type { SlackConversation } from './world.ts';

const defaultPage = 100;
const maxPage = 999;
/** https://docs.slack.dev/reference/methods/conversations.history, for commercial apps outside the marketplace. */
const commercialPage = 15;

export const conversationMethods: Record<string, Method> = {
  'conversations.open': (platform, { args, installation }) => {
    const { world } = platform;
    if (args.has('channel')) {
      const known = conversationFor(platform, installation, args.text('channel'));
      return typeof known === 'string' ? failed(known) : opened(known);
    }
    const absent = missing(args, 'users');
    if (absent !== null) return absent;
    const ids = args.text('users').split(',');
    const people = ids.flatMap((id) => world.user(installation, id.trim()) ?? []);
    if (people.length < ids.length) return failed('user_not_found');
    const [first] = people;
    if (people.length === 1 && first !== undefined) return opened(world.personalChat(installation, first));
    const group = world.shared(installation, 'group', `mpdm ${[...ids].sort().join(' ')}`);
    group.members = new Set([...people.map(({ platformUserId }) => platformUserId), installation.botUserId]);
    return opened(group);
  },

  /** Newest first, without the replies of threads. */
  'conversations.history': (platform, call) =>
    listed(platform, call, (conversation) => {
      const roots = seenBy(platform, conversation).filter(
        ({ threadTs, ts }) => threadTs === null || threadTs === ts,
      );
      return roots.reverse();
    }),

  /** The root, then its replies, oldest first. */
  'conversations.replies': (platform, call) => {
    const absent = missing(call.args, 'channel', 'ts');
    if (absent !== null) return absent;
    return listed(platform, call, (conversation) => {
      const ts = call.args.text('ts');
      const all = seenBy(platform, conversation);
      const root = all.find((message) => message.ts === ts)?.threadTs ?? ts;
      const thread = all.filter((message) => message.ts === root || message.threadTs === root);
      return thread.length === 0 ? null : thread;
    });
  },

  'conversations.info': (platform, { args, installation }) => {
    const conversation = conversationFor(platform, installation, args.text('channel'));
    if (conversation === 'not_in_channel') {
      const outside = platform.world.conversation(args.text('channel'));
      return outside === null
        ? failed('channel_not_found')
        : succeeded({ channel: channelOf(outside, false) });
    }
    if (typeof conversation === 'string') return failed(conversation);
    return succeeded({ channel: channelOf(conversation, true) });
  },

  'conversations.members': (platform, { args, installation }) => {
    const conversation = conversationFor(platform, installation, args.text('channel'));
    if (typeof conversation === 'string') return failed(conversation);
    const { items, next } = page([...conversation.members], args);
    return succeeded({ members: items, response_metadata: { next_cursor: next } });
  },
};

function opened(conversation: SlackConversation): Answer {
  return succeeded({ no_op: true, already_open: true, channel: { id: conversation.id } });
}

/** Messages of a conversation that the API shows: nothing deleted, nothing ephemeral. */
function seenBy(platform: Platform, conversation: SlackConversation): OracleMessage[] {
  return platform.oracle
    .all(conversation.id)
    .filter((message) => !message.deleted && message.onlyFor === null);
}

/** Which scope shows the messages of a conversation; a `G…` may be a private channel or a group of people. */
const historyScopes = {
  personal: ['im:history'],
  group: ['mpim:history', 'groups:history'],
  channel: ['channels:history', 'groups:history'],
} as const;

function listed(
  platform: Platform,
  call: Call,
  select: (conversation: SlackConversation) => OracleMessage[] | null,
): Answer {
  const { args, installation } = call;
  const channel = args.text('channel');
  // Reading names a direct conversation by its own id, which posting does not need.
  const conversation = /^[UW]/.test(channel)
    ? 'channel_not_found'
    : conversationFor(platform, installation, channel);
  if (typeof conversation === 'string') return failed(conversation);
  const unscoped = lacking(call, ...historyScopes[conversation.kind]);
  if (unscoped !== null) return unscoped;
  const selected = select(conversation);
  if (selected === null) return failed('thread_not_found');
  const all = seenBy(platform, conversation);
  const inside = selected.filter(({ ts }) => isInside(ts, args));
  const { items, next } = page(inside, args, platform.ways.readsByFifteen ? commercialPage : maxPage);
  const withMetadata = args.flag('include_all_metadata');
  const messages = items.map((message): JsonObject => {
    const shown = { ...messageOf(installation, message), ...threadOf(message, all) };
    const { metadata } = message.content;
    return withMetadata && isObject(metadata) ? { ...shown, metadata } : shown;
  });
  const more = next !== '';
  return succeeded({
    messages,
    has_more: more,
    ...(more ? { response_metadata: { next_cursor: next } } : {}),
  });
}

/** What a message that was answered says of its thread. https://docs.slack.dev/reference/methods/conversations.replies */
function threadOf({ ts }: OracleMessage, all: readonly OracleMessage[]): JsonObject {
  const replies = all.filter((message) => message.threadTs === ts && message.ts !== ts);
  return replies.length === 0 ? {} : { thread_ts: ts, reply_count: replies.length };
}

/** Times have the same number of digits, so that they compare as text. */
function isInside(ts: string, args: Arguments): boolean {
  const oldest = args.text('oldest') || '0';
  const latest = args.text('latest') || '9';
  const inclusive = args.flag('inclusive');
  if (ts === oldest || ts === latest) return inclusive;
  return Number(ts) > Number(oldest) && (latest === '9' || Number(ts) < Number(latest));
}

function page<Item>(items: Item[], args: Arguments, most = maxPage): { items: Item[]; next: string } {
  const size = Math.min(Math.max(Number(args.text('limit')) || defaultPage, 1), most);
  const start = Math.max(Number(args.text('cursor')) || 0, 0);
  const next = start + size;
  return { items: items.slice(start, next), next: next < items.length ? String(next) : '' };
}

function channelOf(conversation: SlackConversation, isMember: boolean): JsonObject {
  const { id, kind, name, teamId } = conversation;
  if (kind === 'personal') return { id, is_im: true, is_org_shared: false, context_team_id: teamId };
  return {
    id,
    name,
    is_channel: kind === 'channel',
    is_group: kind === 'group',
    is_im: false,
    is_mpim: kind === 'group',
    is_private: kind === 'group',
    is_archived: false,
    is_member: isMember,
    is_ext_shared: false,
    context_team_id: teamId,
    num_members: conversation.members.size,
  };
}
