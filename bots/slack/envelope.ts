/** What verification hands to translation, and how fields are read: what is missing or of another type is left out. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Activity } from '../../src/kernel/activity.ts';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { Translation } from '../../src/kernel/platform.ts';
import { isObject } from '../shared/json.ts';

/** Receipts hold keys of at most this length. */
const maxKeyLength = 200;

/** A verified request. The kind follows from the form of the body: JSON, form with `payload`, form with `command`. */
export interface SlackPayload {
  kind: 'event' | 'interaction' | 'command';
  body: JsonObject;
  /** Names the request itself, for requests that Slack gives no id. */
  requestKey: string;
}

/** The payload as the receiver made it; null for anything else. */
export function readPayload(payload: JsonObject): SlackPayload | null {
  const { kind, body, requestKey } = payload;
  if (kind !== 'event' && kind !== 'interaction' && kind !== 'command') return null;
  return isObject(body) && typeof requestKey === 'string' && requestKey !== ''
    ? { kind, body, requestKey }
    : null;
}

/** An activity of Slack's: what is not given is empty, a reply goes by message, and ignored events claim no key. */
export function translated(
  appId: string,
  fields: Pick<Activity, 'organization' | 'eventKeys' | 'intent'> & Partial<Activity>,
): Translation {
  const { intent, eventKeys } = fields;
  const activity: Activity = {
    platform: 'slack',
    appId,
    reference: null,
    person: null,
    messageId: null,
    cardMessageId: null,
    replyBy: 'message',
    ...fields,
    eventKeys: intent.kind === 'ignored' ? [] : eventKeys.map(boundedKey),
  };
  return { ok: true, activity };
}

/** The key as it stands, or its hash where it is too long for a receipt. */
function boundedKey(key: string): string {
  return key.length <= maxKeyLength ? key : `sha256:${createHash('sha256').update(key).digest('hex')}`;
}

/** A text of at most `max` UTF-16 units, not empty. */
export function text(max: number) {
  return z.string().min(1).max(max).optional().catch(undefined);
}

/** An id of Slack's. */
export function id() {
  return text(100);
}

export function object<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.object(shape).optional().catch(undefined);
}

/** A flag, which is a boolean in JSON and a text in forms. */
export function flag() {
  return z
    .union([z.boolean(), z.enum(['true', 'false']).transform((word) => word === 'true')])
    .optional()
    .catch(undefined);
}

/** An address that can be called at all; whether it may be is the caller's to check. */
export function callableUrl(url: string | undefined): string | null {
  if (url === undefined || !URL.canParse(url)) return null;
  return ['https:', 'http:'].includes(new URL(url).protocol) ? url : null;
}
