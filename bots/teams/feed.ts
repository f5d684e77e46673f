/** A notification as an entry of a person's activity feed. Pure. */
import { createHash } from 'node:crypto';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { OutboundDelivery } from '../../src/kernel/notification.ts';
import { cleanLine, truncateText } from '../../src/kernel/plain-text.ts';
import { cloudOf } from './clouds.ts';

/** The activity type that the manifest declares; its template has the one parameter `title`. */
export const feedActivityType = 'deskbridgeNotification';
export const feedTemplate = '{title}';

/** Teams shows the first 150 characters of a preview (https://learn.microsoft.com/graph/api/userteamwork-sendactivitynotification). */
const maxText = 150;
const maxReducedText = 50;

/**
 * The same for every try of a delivery, so that a later one takes the earlier one's place in the feed. Graph takes 64
 * bits; 48 are exact in every reader of JSON, and still never met twice by one person.
 */
export function chainIdOf(token: string): number {
  return createHash('sha256').update(token).digest().readUIntBE(0, 6);
}

/**
 * The body of Graph's `sendActivityNotification`. A press on the entry opens the person's chat with the bot, since a
 * topic needs a link into Teams.
 */
export function feedNotification(delivery: OutboundDelivery): JsonObject {
  const { message, registration, token, reduced } = delivery;
  const max = reduced ? maxReducedText : maxText;
  const text = cleanLine(message.text ?? '');
  const title = truncateText(cleanLine(message.title) || text || '…', max);
  const chat = `${cloudOf(registration.options).webUrl}/l/entity/${encodeURIComponent(registration.appId)}/conversations`;
  return {
    topic: {
      source: 'text',
      value: title,
      webUrl: `${chat}?tenantId=${encodeURIComponent(registration.organization)}`,
    },
    activityType: feedActivityType,
    chainId: chainIdOf(token),
    previewText: { content: reduced || text === '' ? title : truncateText(text, max) },
    templateParameters: [{ name: 'title', value: title }],
  };
}
