/** The simulated methods `chat.*`, and messages by response URL. */
import type { JsonObject, JsonValue } from '../../../src/kernel/canonical-json.ts';
import { isObject, parseJson } from '../../shared/json.ts';
import type { Answer } from '../../shared/simulator/server.ts';
import type { Arguments } from './arguments.ts';
import { areBlocksTooLong, blockFaults } from './block-limits.ts';
import type { Responding } from './handles.ts';
import { failed, type Method, missing, type Platform, succeeded } from './method.ts';
import { messageOf } from './objects.ts';
import type { Content, OracleMessage } from './oracle.ts';
import type { Installation, SlackConversation } from './world.ts';

/** https://docs.slack.dev/reference/methods/chat.postMessage: what is longer is cut off, with a warning. */
const maxPostedText = 40_000;
/** https://docs.slack.dev/reference/methods/chat.update; counted in bytes, see gitlab-org/gitlab!258898. */
const maxUpdatedBytes = 4000;

export const chatMethods: Record<string, Method> = {
  'chat.postMessage': (platform, { args, installation }) => {
    const absent = missing(args, 'channel');
    if (absent !== null) return absent;
    const conversation = conversationFor(platform, installation, args.text('channel'));
    if (typeof conversation === 'string') return failed(conversation);
    const refusal = refusalOf(platform, conversation, args.text('channel'));
    if (refusal !== null) return failed(refusal);
    const content = readContentOf(args, null);
    if ('status' in content) return content;
    const isCut = content.text.length > maxPostedText;
    content.text = content.text.slice(0, maxPostedText);
    if (areBlocksTooLong(content.blocks, platform.ways.maxBlocksText)) return failed('msg_blocks_too_long');
    const clientMsgId = args.text('client_msg_id') || undefined;
    const first = firstOf(platform, installation, conversation, clientMsgId);
    if (first?.deleted) return failed('duplicate_message_not_found');
    const threadTs = args.text('thread_ts') || null;
    const message = first ?? post(platform, installation, conversation, content, { threadTs, clientMsgId });
    return succeeded({
      channel: conversation.id,
      ts: message.ts,
      message: shownOf(installation, message),
      ...(isCut ? { warning: 'message_truncated' } : {}),
    });
  },

  'chat.update': (platform, { args, installation }) => {
    const found = missing(args, 'channel', 'ts') ?? ownMessage(platform, installation, args, 'update');
    if ('status' in found) return found;
    const content = readContentOf(args, found.content);
    if ('status' in content) return content;
    if (Buffer.byteLength(content.text) > maxUpdatedBytes) return failed('msg_too_long');
    if (areBlocksTooLong(content.blocks, platform.ways.maxBlocksText)) return failed('msg_blocks_too_long');
    platform.oracle.recordUpdate(found, content);
    const { conversationId: channel, ts } = found;
    return succeeded({ channel, ts, text: content.text, message: shownOf(installation, found) });
  },

  'chat.delete': (platform, { args, installation }) => {
    const found = missing(args, 'channel', 'ts') ?? ownMessage(platform, installation, args, 'delete');
    if ('status' in found) return found;
    platform.oracle.recordDelete(found);
    return succeeded({ channel: found.conversationId, ts: found.ts });
  },

  'chat.postEphemeral': (platform, { args, installation }) => {
    const absent = missing(args, 'channel', 'user');
    if (absent !== null) return absent;
    const conversation = conversationFor(platform, installation, args.text('channel'));
    if (typeof conversation === 'string') return failed(conversation);
    if (!conversation.members.has(args.text('user'))) return failed('user_not_in_channel');
    const content = readContentOf(args, null);
    if ('status' in content) return content;
    const threadTs = args.text('thread_ts') || null;
    const onlyFor = args.text('user');
    const message = post(platform, installation, conversation, content, { threadTs, onlyFor });
    return succeeded({ message_ts: message.ts });
  },

  'chat.getPermalink': (platform, { args, installation }) => {
    const absent = missing(args, 'channel', 'message_ts');
    if (absent !== null) return absent;
    const channel = args.text('channel');
    const ts = args.text('message_ts');
    if (platform.world.conversation(channel) === null) return failed('channel_not_found');
    if (platform.oracle.find(channel, ts) === null) return failed('message_not_found');
    const domain = installation.teams[0]?.domain ?? 'workspace';
    const permalink = `https://${domain}.slack.com/archives/${channel}/p${ts.replace('.', '')}`;
    return succeeded({ channel, permalink });
  },
};

/**
 * A message that comes by a response URL, which stands for one gesture.
 * https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
 */
export function respond(platform: Platform, id: string, body: string): Answer {
  const responding = platform.responseUrls.use(id);
  if (typeof responding === 'string') return { status: 404, body: { ok: false, error: responding } };
  const parsed = parseJson(body);
  if (!isObject(parsed)) return { status: 400, body: { ok: false, error: 'invalid_payload' } };
  return applyResponse(platform, responding, parsed).answer;
}

/** What a response, by URL or in the answer to a slash command itself, does; with the message that it shows. */
export function applyResponse(
  platform: Platform,
  responding: Responding,
  response: JsonObject,
): { answer: Answer; message: OracleMessage | null } {
  const { oracle, world } = platform;
  const done = { status: 200, body: 'ok' };
  const conversation = world.conversation(responding.conversationId);
  if (conversation === null)
    return { answer: { ...failed('channel_not_found'), status: 404 }, message: null };
  const installation = world.installation(responding.installation);
  const source = responding.sourceTs === null ? null : oracle.find(conversation.id, responding.sourceTs);
  const original = source?.deleted === false ? source : null;
  if (response.delete_original === true) {
    if (original !== null) oracle.recordDelete(original);
    return { answer: done, message: null };
  }
  const content = contentOf(response.text, response.blocks, null, null);
  if ('status' in content) return { answer: { ...content, status: 400 }, message: null };
  if (response.replace_original === true && original !== null) {
    oracle.recordUpdate(original, content);
    return { answer: done, message: original };
  }
  const threadTs = typeof response.thread_ts === 'string' ? response.thread_ts : responding.threadTs;
  const onlyFor = response.response_type === 'in_channel' ? null : responding.userId;
  const message = post(platform, installation, conversation, content, { threadTs, onlyFor });
  responding.sourceTs ??= message.ts;
  return { answer: done, message };
}

/**
 * The conversation that a message goes to: a conversation's id, or a person's, which means the direct one with the bot.
 * Else the error that the API names.
 */
export function conversationFor(
  platform: Platform,
  installation: Installation,
  channel: string,
): SlackConversation | string {
  const { world } = platform;
  if (/^[UW]/.test(channel)) {
    const person = world.user(installation, channel);
    return person === null ? 'channel_not_found' : world.personalChat(installation, person);
  }
  const conversation = world.conversation(channel);
  if (conversation === null || conversation.organization !== installation.organization) {
    return 'channel_not_found';
  }
  if (conversation.members.has(installation.botUserId)) return conversation;
  // Only public channels are known to those outside of them.
  return conversation.kind === 'channel' ? 'not_in_channel' : 'channel_not_found';
}

function post(
  platform: Platform,
  installation: Installation,
  conversation: SlackConversation,
  content: Content,
  where: { threadTs: string | null; onlyFor?: string | null; clientMsgId?: string | undefined },
): OracleMessage {
  const { threadTs, onlyFor = null, clientMsgId } = where;
  return platform.oracle.recordPost({
    conversationId: conversation.id,
    threadTs,
    userId: installation.botUserId,
    installation: installation.key,
    onlyFor,
    content,
    ...(clientMsgId === undefined ? {} : { clientMsgId }),
  });
}

/** What posting there is refused with; a direct conversation may be named by its person too. */
function refusalOf({ ways }: Platform, conversation: SlackConversation, channel: string): string | null {
  const members = conversation.kind === 'personal' ? conversation.members : [];
  for (const id of [channel, conversation.id, ...members]) {
    const refusal = ways.refusals.get(id);
    if (refusal !== undefined) return refusal;
  }
  return null;
}

/** The message that was posted there by the same `client_msg_id`, where that counts as the same message. */
function firstOf(
  { ways, oracle }: Platform,
  { key }: Installation,
  { id }: SlackConversation,
  clientMsgId: string | undefined,
): OracleMessage | null {
  if (!ways.dedupesByClientMsgId || clientMsgId === undefined) return null;
  const all = oracle.all(id);
  return all.find((one) => one.installation === key && one.clientMsgId === clientMsgId) ?? null;
}

/** The bot's own visible message that the call names, or the refusal. */
function ownMessage(
  platform: Platform,
  installation: Installation,
  args: Arguments,
  what: 'update' | 'delete',
): OracleMessage | Answer {
  const conversation = platform.world.conversation(args.text('channel'));
  if (conversation === null || conversation.organization !== installation.organization) {
    return failed('channel_not_found');
  }
  const message = platform.oracle.find(conversation.id, args.text('ts'));
  if (message === null || message.deleted || message.onlyFor !== null) return failed('message_not_found');
  return message.installation === installation.key ? message : failed(`cant_${what}_message`);
}

/**
 * What the message is to say. What an update leaves out stays as it was; but blocks go when a text comes without any.
 * https://docs.slack.dev/reference/methods/chat.update
 */
function readContentOf(args: Arguments, before: Content | null): Content | Answer {
  const blocks = args.has('blocks') ? args.structure('blocks') : undefined;
  if (blocks === null) return failed('invalid_blocks_format');
  const metadata = args.has('metadata') ? args.structure('metadata') : undefined;
  if (metadata !== undefined && !isMetadata(metadata)) return failed('invalid_metadata_format');
  return contentOf(args.has('text') ? args.text('text') : undefined, blocks, metadata, before);
}

function contentOf(
  text: JsonValue | undefined,
  blocks: JsonValue | undefined,
  metadata: JsonValue | undefined,
  before: Content | null,
): Content | Answer {
  if (blocks !== undefined) {
    const faults = blockFaults(blocks, 'message');
    if (faults.length > 0) return failed('invalid_blocks', faults);
  }
  const content: Content = {
    text: typeof text === 'string' ? text : (before?.text ?? ''),
    blocks: Array.isArray(blocks)
      ? blocks.filter(isObject)
      : text === undefined
        ? (before?.blocks ?? [])
        : [],
    metadata: isObject(metadata)
      ? Object.keys(metadata).length === 0
        ? null
        : metadata
      : (before?.metadata ?? null),
  };
  return content.text === '' && content.blocks.length === 0 ? failed('no_text') : content;
}

/** An empty object takes the metadata away. */
function isMetadata(value: JsonValue): boolean {
  if (!isObject(value)) return false;
  if (Object.keys(value).length === 0) return true;
  return typeof value.event_type === 'string' && isObject(value.event_payload);
}

function shownOf(installation: Installation, message: OracleMessage): JsonObject {
  const { metadata } = message.content;
  return { ...messageOf(installation, message), ...(metadata === null ? {} : { metadata }) };
}
