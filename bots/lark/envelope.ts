/** The frame around every event of Lark, in both of its versions; whatever of another type came is left out. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ChatPerson } from '../../src/kernel/activity.ts';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import { isObject } from '../shared/json.ts';

const maxKeyLength = 200;

/** Source: https://open.feishu.cn/document/server-docs/event-subscription-guide/overview */
const secondVersion = z.object({
  event_id: text(500),
  event_type: text(200),
  create_time: text(30),
  token: text(500),
  app_id: text(200),
  tenant_key: text(100),
});
const firstVersion = z.object({ uuid: text(500), ts: text(30), token: text(500), type: text(50) });
const firstVersionEvent = z.object({ type: text(200), app_id: text(200), tenant_key: text(100) });

const idsSchema = z.object({ open_id: text(100), union_id: text(100) });

export interface Envelope {
  /** `2` has a header; `1` is what apps of before 2021 and a few events still get. */
  version: 1 | 2;
  /** Name of the event, e.g. `im.message.receive_v1`; empty when there is none. */
  type: string;
  /** The platform's id of the event, hashed where it is overlong. */
  eventKey: string | null;
  token: string | null;
  appId: string | null;
  organization: string | null;
  /** When the platform sent the event first. */
  sentAt: Date | null;
  event: JsonObject;
}

/** The envelope of a decrypted body; never throws, whatever the body's shape. */
export function readEnvelope(payload: JsonObject): Envelope {
  const event = isObject(payload.event) ? payload.event : {};
  if (isObject(payload.header)) {
    const header = secondVersion.parse(payload.header);
    return {
      version: 2,
      type: header.event_type ?? '',
      eventKey: header.event_id === undefined ? null : keyOf(header.event_id),
      token: header.token ?? null,
      appId: header.app_id ?? null,
      organization: header.tenant_key ?? null,
      sentAt: timeOf(header.create_time),
      event,
    };
  }
  const frame = firstVersion.parse(payload);
  const { type, app_id, tenant_key } = firstVersionEvent.parse(event);
  return {
    version: 1,
    type: type ?? '',
    eventKey: frame.uuid === undefined ? null : keyOf(frame.uuid),
    token: frame.token ?? null,
    appId: app_id ?? null,
    organization: tenant_key ?? null,
    sentAt: timeOf(frame.ts),
    event,
  };
}

/** A person by the ids that an event gives; null without an open_id, which is the one that links are made with. */
export function personOf(ids: unknown, name: unknown = null): ChatPerson | null {
  const known = idsSchema.safeParse(ids);
  if (!known.success || known.data.open_id === undefined) return null;
  const { open_id: platformUserId, union_id } = known.data;
  const person: ChatPerson = {
    platformUserId,
    name: typeof name === 'string' && name !== '' ? name.slice(0, 300) : null,
  };
  return union_id === undefined ? person : { ...person, otherId: union_id };
}

/** An event key of bounded length. */
export function keyOf(id: string): string {
  return id.length <= maxKeyLength ? id : `sha256:${createHash('sha256').update(id).digest('hex')}`;
}

/** A text of that member, or undefined when it is none, empty or overlong. */
export function text(max: number) {
  return z.string().min(1).max(max).optional().catch(undefined);
}

/** Seconds with a fraction in version 1; milliseconds, and in card callbacks microseconds, in version 2. */
function timeOf(stamp: string | undefined): Date | null {
  if (stamp === undefined || !/^\d{1,17}(\.\d{1,9})?$/.test(stamp)) return null;
  const value = Number(stamp);
  if (value >= 1e14) return new Date(value / 1000);
  return new Date(value >= 1e11 ? value : value * 1000);
}
