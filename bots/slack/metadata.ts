/** The mark on our messages by which each is known again: Slack's message metadata, with our token in it. */
import { isObject } from '../shared/json.ts';

/** Our one `event_type` (https://docs.slack.dev/messaging/message-metadata). */
export const metadataType = 'deskbridge_message';

/** The form of our tokens; what has another is none. */
const tokens = /^[\w:.-]{1,100}$/;

/** The metadata that a message is posted with. */
export function metadataOf(token: string) {
  return { event_type: metadataType, event_payload: { token } };
}

/** Our token in a message's metadata as Slack shows it; null where it holds none. */
export function tokenOf(metadata: unknown): string | null {
  if (!isObject(metadata) || metadata.event_type !== metadataType) return null;
  const token = isObject(metadata.event_payload) ? metadata.event_payload.token : null;
  return typeof token === 'string' && tokens.test(token) ? token : null;
}
