/** The short-lived handles that Slack gives with a gesture: trigger ids and response URLs. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../src/kernel/ports.ts';

/** https://docs.slack.dev/interactivity/handling-user-interaction: a trigger id ends after 3 seconds, is used once. */
const triggerMs = 3000;
/** The same page: a response URL takes 5 messages within 30 minutes. */
const responseUrlMs = 30 * 60_000;
const responseUrlUses = 5;
/** Older handles are forgotten, so that a long run does not fill the memory. */
const maxHandles = 20_000;

export interface Trigger {
  id: string;
  installation: string;
  userId: string;
  /** The modal in which it arose, above which another may be pushed. */
  viewId: string | null;
}

export class Triggers {
  readonly #clock: Clock;
  readonly #triggers = new Map<string, Trigger & { until: number; used: boolean }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  create(installation: string, userId: string, viewId: string | null = null): string {
    const number = () => String(randomBytes(6).readUIntBE(0, 6));
    const id = `${number()}.${number()}.${randomBytes(16).toString('hex')}`;
    const until = this.#clock.now().getTime() + triggerMs;
    this.#triggers.set(id, { id, installation, userId, viewId, until, used: false });
    forgetOldest(this.#triggers);
    return id;
  }

  /** Uses it up; else the error that the Web API names. */
  exchange(id: string, installation: string): Trigger | string {
    const trigger = this.#triggers.get(id);
    if (trigger === undefined || trigger.installation !== installation) return 'invalid_trigger_id';
    if (trigger.used) return 'exchanged_trigger_id';
    if (this.#clock.now().getTime() > trigger.until) return 'expired_trigger_id';
    trigger.used = true;
    return trigger;
  }
}

/** What a response URL stands for: a gesture of one person. */
export interface Responding {
  id: string;
  installation: string;
  userId: string;
  conversationId: string;
  threadTs: string | null;
  /** The message that it replaces: the one of the button, or the first that it made. */
  sourceTs: string | null;
}

export class ResponseUrls {
  readonly #clock: Clock;
  readonly #known = new Map<string, Responding & { until: number; left: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  create(responding: Omit<Responding, 'id'>): Responding {
    const id = randomBytes(12).toString('hex');
    const until = this.#clock.now().getTime() + responseUrlMs;
    const kept = { ...responding, id, until, left: responseUrlUses };
    this.#known.set(id, kept);
    forgetOldest(this.#known);
    return kept;
  }

  /** Uses it once; else the error that it answers with. The object is the one that `create` gave. */
  use(id: string): Responding | 'invalid_url' | 'expired_url' | 'used_url' {
    const known = this.#known.get(id);
    if (known === undefined) return 'invalid_url';
    if (this.#clock.now().getTime() > known.until) return 'expired_url';
    if (known.left <= 0) return 'used_url';
    known.left -= 1;
    return known;
  }
}

function forgetOldest(handles: Map<string, unknown>): void {
  if (handles.size <= maxHandles) return;
  for (const id of handles.keys()) {
    handles.delete(id);
    return;
  }
}
