/** The fields of a Bot Framework activity that we read; whatever else or of another type came is left out. */
import { z } from 'zod';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';

/** Entities of one activity that are looked at; real ones have a handful. */
const maxEntities = 50;

const account = z.object({
  id: text(300),
  name: text(300),
  aadObjectId: text(100),
  role: text(30),
});

const envelopeSchema = z.object({
  type: text(100),
  id: text(500),
  name: text(200),
  action: text(50),
  text: text(Number.MAX_SAFE_INTEGER),
  textFormat: text(20),
  locale: text(35),
  serviceUrl: text(500),
  replyToId: text(300),
  value: z.unknown().optional(),
  from: account.optional().catch(undefined),
  recipient: account.optional().catch(undefined),
  conversation: z
    .object({ id: text(500), conversationType: text(30), tenantId: text(100) })
    .optional()
    .catch(undefined),
  channelData: z
    .object({
      tenant: idObject(),
      team: z
        .object({ id: text(300), aadGroupId: text(100) })
        .optional()
        .catch(undefined),
    })
    .optional()
    .catch(undefined),
  entities: z.array(z.unknown()).catch([]),
  membersAdded: z.array(z.unknown()).catch([]),
});

const mentionSchema = z.object({
  type: z.literal('mention'),
  text: z.string().min(1).max(300),
  mentioned: z.object({ id: z.string().max(300) }),
});
const clientInfoSchema = z.object({ type: z.literal('clientInfo'), locale: z.string().min(1).max(35) });
const readReceiptSchema = z.object({ lastReadMessageId: z.string().min(1).max(300) });
const memberSchema = z.object({ id: z.string().max(300) });

export type Envelope = z.infer<typeof envelopeSchema>;

export interface Mention {
  /** The text that stands for it in the message, e.g. `<at>Ann</at>`. */
  text: string;
  id: string;
}

/** The envelope of a payload; never throws, whatever the payload's shape. */
export function readEnvelope(payload: JsonObject): Envelope {
  return envelopeSchema.parse(payload);
}

/** Who is mentioned in the message. */
export function mentionsOf(envelope: Envelope): Mention[] {
  return envelope.entities.slice(0, maxEntities).flatMap((entity) => {
    const mention = mentionSchema.safeParse(entity);
    return mention.success ? [{ text: mention.data.text, id: mention.data.mentioned.id }] : [];
  });
}

/** The person's language as the platform reports it, on the activity or in its client information. */
export function localeOf(envelope: Envelope): string | null {
  if (envelope.locale !== undefined) return envelope.locale;
  for (const entity of envelope.entities.slice(0, maxEntities)) {
    const info = clientInfoSchema.safeParse(entity);
    if (info.success) return info.data.locale;
  }
  return null;
}

/**
 * The message up to which somebody read the conversation; null for any other event. Teams sends it where the app has
 * ChatMessageReadReceipt.Read.Chat
 * (https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/conversation-messages).
 */
export function lastReadMessage(envelope: Envelope): string | null {
  if (envelope.type !== 'event' || envelope.name !== 'application/vnd.microsoft.readReceipt') return null;
  const receipt = readReceiptSchema.safeParse(envelope.value);
  return receipt.success ? receipt.data.lastReadMessageId : null;
}

/** Ids of the members that a conversationUpdate adds. */
export function addedMembers(envelope: Envelope): string[] {
  return envelope.membersAdded.slice(0, 1000).flatMap((member) => {
    const known = memberSchema.safeParse(member);
    return known.success ? [known.data.id] : [];
  });
}

/** Whether an account is a bot: its id has the bot prefix, or the platform says so. */
export function isBot(sender: Envelope['from']): boolean {
  return sender !== undefined && (sender.id?.startsWith('28:') === true || sender.role === 'bot');
}

function text(max: number) {
  return z.string().min(1).max(max).optional().catch(undefined);
}

function idObject() {
  return z
    .object({ id: text(300) })
    .optional()
    .catch(undefined);
}
