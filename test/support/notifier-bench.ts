/** The whole product with its notifier in the test's process, and a platform whose faults are set from outside. */
import { setTimeout as sleep } from 'node:timers/promises';
import { LarkSimulator } from '../../bots/lark/simulator/lark-simulator.ts';
import type { CommonFault } from '../../bots/shared/simulator/faults.ts';
import { SlackSimulator } from '../../bots/slack/simulator/simulator.ts';
import { TeamsChat } from '../../bots/teams/simulator/simulated-chat.ts';
import type { SeenMessage, SimulatedChat, Where } from '../../src/kernel/simulated-chat.ts';
import { enqueueNotification, type NotificationRequest } from '../../src/notify/enqueue.ts';
import type { Recipient } from '../../src/notify/recipients.ts';
import { ChatWorld, type WorldOptions } from './chat-world.ts';

/** What the platform does to one post. */
export type PostFault =
  | CommonFault
  /** For a passing reason, which ends by itself. */
  | { kind: 'refused' }
  /** 429; with the seconds to wait where they are given. */
  | { kind: 'throttled'; seconds?: number };

export interface DeliveryRow {
  delivery_id: string;
  destination_type: string;
  destination_id: string;
  status: string;
  reason: string | null;
  error_code: string | null;
  attempts: number;
  fallback_of: string | null;
  provider_message_id: string | null;
}

export interface AttemptRow {
  delivery_id: string;
  outcome: string;
  error_code: string | null;
  /** Null: nothing was sent by it. */
  started_at: Date | null;
  attempt_no: number;
  try_no: number;
}

/** One notification that was accepted. */
export interface Told {
  notificationId: string;
  /** Its title. */
  title: string;
}

/** A platform's own ways, in one form. */
interface Platform {
  /** Requests that can post a notification, so far. */
  posts(): number;
  fault(fault: PostFault): void;
  clear(): void;
}

const places: readonly Where[] = [
  { place: { kind: 'group', name: 'first' } },
  { place: { kind: 'group', name: 'second' } },
  { place: { kind: 'channel', name: 'third' } },
  { place: { kind: 'channel', name: 'fourth' } },
];
export const people = ['ann', 'ben', 'cara', 'dan'] as const;

export class NotifierBench {
  readonly world: ChatWorld;
  /** The conversations of more than two that the bot knows. */
  readonly places: readonly { where: Where; conversationId: string }[];
  readonly #platform: Platform;
  #count = 0;

  /** Everybody and every place has spoken with the bot. */
  static async start(platform: string, options: WorldOptions = {}): Promise<NotifierBench> {
    const world = await ChatWorld.start(platform, { settings: { group_chat: true }, ...options });
    for (const as of people) await world.ask('help', { as });
    const known: { where: Where; conversationId: string }[] = [];
    for (const where of places) {
      const { conversation } = await world.ask('help', where);
      const conversationId = await conversationIdOf(world, conversation);
      known.push({ where, conversationId });
    }
    return new NotifierBench(world, known);
  }

  private constructor(world: ChatWorld, known: NotifierBench['places']) {
    this.world = world;
    this.places = known;
    this.#platform = platformOf(world.chat);
  }

  get everybody(): Recipient[] {
    return [
      ...people.map((key) => ({ user: this.world.userId(key) })),
      ...this.places.map(({ conversationId }) => ({ conversation: conversationId })),
    ];
  }

  /** The recipient by a person's key or a place's number. */
  to(who: string | number): Recipient {
    if (typeof who === 'string') return { user: this.world.userId(who) };
    return { conversation: this.places[who]?.conversationId ?? '' };
  }

  async tell(to: readonly Recipient[], more: Partial<NotificationRequest> = {}): Promise<Told> {
    this.#count += 1;
    const title = `Word ${this.#count}.`;
    const request: NotificationRequest = {
      category: 'announcement',
      content: { kind: 'text', title, text: 'Read this.', ticket: null },
      target: null,
      actorUserId: null,
      to,
      createdBy: { kind: 'operator', id: null },
      ...more,
    };
    const { database } = this.world.running.services;
    const { notificationId } = await database.inTenant(this.world.acme.tenantId, (tx) =>
      enqueueNotification(tx, request, new Date()),
    );
    return { notificationId, title };
  }

  posts(): number {
    return this.#platform.posts();
  }

  /** The next posts meet these, one each. */
  faults(...faults: PostFault[]): void {
    for (const fault of faults) this.#platform.fault(fault);
  }

  clearFaults(): void {
    this.#platform.clear();
  }

  /** The deliveries of a notification, once they are all over. @throws Error when they are not in time */
  async ended({ notificationId, title }: Told, limitMs = 20_000): Promise<DeliveryRow[]> {
    const deadline = Date.now() + limitMs;
    for (;;) {
      const rows = await this.deliveries(notificationId);
      if (rows.length > 0 && rows.every(({ status }) => status !== 'queued')) return rows;
      if (Date.now() > deadline) {
        const tries = await this.attempts(notificationId);
        throw new Error(`${title} is not over: ${JSON.stringify({ rows, tries })}`);
      }
      await sleep(20);
    }
  }

  deliveries(notificationId: string): Promise<DeliveryRow[]> {
    return this.world.running.services.database.maintenance.query<DeliveryRow>(
      `select delivery_id, destination_type, destination_id, status, reason, error_code, attempts, fallback_of,
              provider_message_id
         from deliveries where notification_id = $1 order by delivery_id`,
      [notificationId],
    );
  }

  attempts(notificationId: string): Promise<AttemptRow[]> {
    return this.world.running.services.database.maintenance.query<AttemptRow>(
      `select a.delivery_id, a.outcome, a.error_code, a.started_at, a.attempt_no, a.try_no
         from delivery_attempts a join deliveries d using (tenant_id, delivery_id)
        where d.notification_id = $1 order by a.at, a.attempt_id`,
      [notificationId],
    );
  }

  /** What people see of it, over all conversations. */
  seen({ title }: Told): SeenMessage[] {
    return (this.world.chat.postedByBot?.() ?? []).filter(({ text }) => text.includes(title));
  }

  async close(): Promise<void> {
    await this.world.close();
  }
}

async function conversationIdOf(world: ChatWorld, platformConversationId: string): Promise<string> {
  const [row] = await world.running.services.database.maintenance.query<{ id: string }>(
    'select conversation_id as id from conversations where tenant_id = $1 and platform_conversation_id = $2',
    [world.acme.tenantId, platformConversationId],
  );
  if (row === undefined) throw new Error(`the conversation ${platformConversationId} is not known`);
  return row.id;
}

function platformOf(chat: SimulatedChat): Platform {
  if (chat instanceof TeamsChat) {
    const { counts, faults } = chat.simulator;
    return {
      posts: () => counts.send,
      fault: (fault) => {
        if (fault.kind === 'throttled') faults.set('send', refusal(429, fault.seconds), 1);
        else if (fault.kind === 'refused') faults.set('send', refusal(412), 1);
        else faults.set('send', fault, 1);
      },
      clear: () => faults.clear(),
    };
  }
  if (chat instanceof SlackSimulator) {
    const { counts, faults } = chat;
    return {
      posts: () => counts['chat.postMessage'] ?? 0,
      fault: (fault) => {
        if (fault.kind === 'throttled') faults.set('chat.postMessage', refusal(429, fault.seconds), 1);
        else if (fault.kind === 'refused')
          faults.set('chat.postMessage', { kind: 'error', error: 'service_unavailable' }, 1);
        else faults.set('chat.postMessage', fault, 1);
      },
      clear: () => faults.clear(),
    };
  }
  if (chat instanceof LarkSimulator) {
    const { counts, faults } = chat;
    return {
      posts: () => counts.send,
      fault: (fault) => {
        if (fault.kind === 'throttled') {
          const reset = fault.seconds === undefined ? {} : { resetSeconds: fault.seconds };
          faults.set('send', { kind: 'throttle', status: 429, ...reset }, 1);
        } else if (fault.kind === 'refused') faults.set('send', { kind: 'refuse', code: 230020 }, 1);
        else faults.set('send', fault, 1);
      },
      clear: () => faults.clear(),
    };
  }
  throw new Error(`no faults of ${chat.platform} are known here`);
}

function refusal(status: number, retryAfterSeconds?: number) {
  const refused = { kind: 'refuse' as const, status };
  return retryAfterSeconds === undefined ? refused : { ...refused, retryAfterSeconds };
}
