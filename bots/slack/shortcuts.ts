/** Shortcuts: a form that opens from anywhere, or from somebody's message. */
import { z } from 'zod';
import type { SourceMessage } from '../../src/kernel/activity.ts';
import { isObject } from '../shared/json.ts';
import { text } from './envelope.ts';
import type { Reading, SlackInteraction } from './interaction-payload.ts';
import { plainText } from './message-text.ts';

/** `callback_id`s, as the app manifest names them; each is the action whose form it opens. */
export const globalShortcuts = { createTicket: 'create_ticket' } as const;
export const messageShortcuts = {
  createTicketFromMessage: 'create_ticket_from_message',
  updateFromMessage: 'update_from_message',
} as const;

/** Actions that start from a message. */
export const shortcutActions: ReadonlySet<string> = new Set(Object.values(messageShortcuts));

const maxSourceLength = 10_000;

const attachmentSchema = z.object({ text: text(maxSourceLength), fallback: text(maxSourceLength) });

/** What a shortcut opens; one that is not ours is `unsupported`. */
export function readShortcut(interaction: SlackInteraction): Reading {
  const { type, callback_id: action } = interaction;
  const fromMessage = type === 'message_action';
  const ours = fromMessage
    ? action !== undefined && shortcutActions.has(action)
    : action === globalShortcuts.createTicket;
  if (action === undefined || !ours) return { intent: { kind: 'unsupported', name: 'shortcut' } };
  const source = fromMessage ? sourceOf(interaction) : null;
  return { intent: { kind: 'open_form', action, input: {}, surface: 'shortcut', source } };
}

/** The message that the shortcut was used on; the payload names people by id alone, but for bots and oneself. */
function sourceOf(interaction: SlackInteraction): SourceMessage {
  const { message, user } = interaction;
  const written = message?.text ?? attachedText(message?.attachments ?? []);
  const self = message?.user !== undefined && message.user === user?.id;
  const own = self ? (user.name ?? user.username) : undefined;
  return {
    text: plainText(written, null).slice(0, maxSourceLength),
    authorName: message?.username ?? message?.bot_profile?.name ?? own ?? null,
    url: permalinkOf(interaction),
  };
}

/** Programs often write in attachments alone. */
function attachedText(attachments: unknown[]): string {
  const lines = attachments.slice(0, 20).flatMap((raw) => {
    const attachment = isObject(raw) ? attachmentSchema.parse(raw) : {};
    return attachment.text ?? attachment.fallback ?? [];
  });
  return lines.join('\n');
}

/**
 * The message's address in the form that chat.getPermalink gives; null without the workspace's domain.
 * https://docs.slack.dev/reference/methods/chat.getPermalink
 */
function permalinkOf({ team, channel, message }: SlackInteraction): string | null {
  const domain = team?.domain;
  const { ts, thread_ts: threadTs } = message ?? {};
  if (domain === undefined || !/^[a-z0-9-]{1,63}(?:\.enterprise)?$/.test(domain)) return null;
  if (channel?.id === undefined || !/^[A-Z0-9]+$/.test(channel.id)) return null;
  if (ts === undefined || !/^\d+\.\d+$/.test(ts)) return null;
  const url = `https://${domain}.slack.com/archives/${channel.id}/p${ts.replace('.', '')}`;
  const inThread = threadTs !== undefined && threadTs !== ts && /^\d+\.\d+$/.test(threadTs);
  return inThread ? `${url}?thread_ts=${threadTs}&cid=${channel.id}` : url;
}
