/** The chat message that an action starts from: its address travels through the form, unseen. */
import type { SourceMessage } from '../kernel/activity.ts';
import type { JsonObject } from '../kernel/canonical-json.ts';
import { messageUrl } from './input-fields.ts';

/** Actions whose input takes `source_url`. */
const startFromMessage = new Set(['create_ticket_from_message', 'update_from_message']);

/** The message's address if it may become a link, else null. */
export function sourceUrlOf(source: SourceMessage | null): string | null {
  const checked = messageUrl.safeParse(source?.url);
  return checked.success ? checked.data : null;
}

/** The input with which an action's form opens on a message: for those that link back, with its address. */
export function withSourceUrl(action: string, input: JsonObject, source: SourceMessage | null): JsonObject {
  const url = sourceUrlOf(source);
  return url !== null && startFromMessage.has(action) ? { ...input, source_url: url } : input;
}
