/** The mark by which a card of ours is found again: the platform gives back no uuid, but the card as it was sent. */
import { createHash } from 'node:crypto';

/**
 * The mark of a token, as the `element_id` of the card's first component: at most 20 letters and digits, unique in the
 * card, shown to nobody. 76 bits of a hash, since a UUID does not fit.
 * Source: https://open.feishu.cn/document/feishu-cards/card-json-v2-structure
 */
export function markOf(token: string): string {
  return `d${createHash('sha256').update(token).digest('hex').slice(0, 19)}`;
}

/** Whether a card that was read back bears any mark of ours: then marks can be seen, and another one is another card. */
export function hasMark(content: string): boolean {
  return /(?<![0-9a-z])d[0-9a-f]{19}(?![0-9a-z])/.test(content);
}
