/** Graph's lists of messages, as far as they are read; whatever else or of another type came is left out. Pure. */
import { z } from 'zod';
import { parseJson } from '../shared/json.ts';

/** A message as it stands now. */
export interface ChatMessage {
  id: string;
  createdAt: Date | null;
  /** The app whose bot wrote it; null for people. */
  appId: string | null;
  /** The contents of its attachments, an Adaptive Card as the JSON text that the bot sent. */
  cards: string[];
}

const messageSchema = z.object({
  id: z.string().min(1).max(300),
  createdDateTime: z.string().max(40).nullish().catch(null),
  from: z
    .object({ application: z.object({ id: z.string().max(100) }) })
    .nullish()
    .catch(null),
  attachments: z.array(z.unknown()).catch([]),
});
const attachmentSchema = z.object({ content: z.string() });
const pageSchema = z.object({
  value: z.array(z.unknown()),
  '@odata.nextLink': z.string().max(8_000).nullish(),
});

/** A page of a list, and where the next one is; null for what is none. */
export function readPage(body: string): { messages: ChatMessage[]; next: string | null } | null {
  const page = pageSchema.safeParse(parseJson(body));
  if (!page.success) return null;
  return { messages: page.data.value.flatMap(readMessage), next: page.data['@odata.nextLink'] ?? null };
}

function readMessage(value: unknown): ChatMessage[] {
  const message = messageSchema.safeParse(value);
  if (!message.success) return [];
  const { id, createdDateTime, from, attachments } = message.data;
  const createdAt = new Date(createdDateTime ?? Number.NaN);
  const cards = attachments.flatMap((attachment) => {
    const read = attachmentSchema.safeParse(attachment);
    return read.success ? [read.data.content] : [];
  });
  return [
    {
      id,
      createdAt: Number.isNaN(createdAt.getTime()) ? null : createdAt,
      appId: from?.application.id ?? null,
      cards,
    },
  ];
}
