/** What the owner of a lane holds in memory: a bounded part of what waits, the limits, and what nobody knows of yet. */
import { captureReference } from '../conversations/capture-reference.ts';
import type { Database } from '../infra/database.ts';
import type { ConversationReference } from '../kernel/activity.ts';
import type { PlatformAddressing } from '../kernel/notification.ts';
import { BinaryHeap } from './binary-heap.ts';
import { type PendingDelivery, settleMs } from './delivery.ts';
import { callTimeoutMs, type LaneChannel, type LeasedLane, laneTransaction, type RepliedTo } from './lane.ts';
import { LaneQueue, type Start, type TakeOptions } from './lane-queue.ts';
import { readLaneBlocks } from './lane-store.ts';
import type { MessageComposer } from './message-composer.ts';
import { type Charge, LanePacer } from './pacing.ts';
import { conversationKey, kindOfKey, toPending } from './pending-delivery.ts';
import { loadDue, loadReady, loadReplies, loadTries, loadUnfinished } from './ready-store.ts';
import type { Settled } from './record-outcomes.ts';
import type { BlockScope } from './throttle-blocks.ts';

/** Deliveries that are held, on the wire or not. The rest waits in the database. */
const capacity = 1_024;
/** Of one destination so many at most: a long line there must not hide the others. */
const perDestination = 8;

export class LaneMemory {
  readonly #database: Database;
  readonly #lane: LeasedLane;
  readonly #composer: MessageComposer;
  readonly #pacer: LanePacer;
  readonly #queue: LaneQueue<PendingDelivery>;
  readonly #held = new Map<string, PendingDelivery>();
  readonly #byDestination = new Map<string, number>();
  readonly #unknown = new BinaryHeap<{ item: PendingDelivery; at: number }>((a, b) => a.at < b.at);
  #begun = false;
  #more = false;
  #nextDueAt = Number.POSITIVE_INFINITY;

  constructor(database: Database, composer: MessageComposer, lane: LeasedLane, { limits }: LaneChannel) {
    this.#database = database;
    this.#composer = composer;
    this.#lane = lane;
    this.#pacer = new LanePacer({ limits, kindOf: kindOfKey });
    this.#queue = new LaneQueue(this.#pacer);
  }

  get begun(): boolean {
    return this.#begun;
  }

  /** Deliveries that have not started. */
  get waiting(): number {
    return this.#queue.size;
  }

  get isEmpty(): boolean {
    return this.#held.size === 0;
  }

  /** The database has more that is due, and there is room. */
  get wantsMore(): boolean {
    return this.#more && this.#held.size <= capacity / 2;
  }

  /** When the next falls due that is not held yet, as of the last reading. */
  get nextDueAt(): number {
    return this.#nextDueAt;
  }

  /** Takes over: the limits as the log of calls leaves them, the waits that stand, and what was on the wire. */
  async begin(now: number, { addressing }: LaneChannel): Promise<void> {
    const since = new Date(now - this.#pacer.longestMs);
    const { laneId, tenantId } = this.#lane;
    const log = await this.#database.inTenant(tenantId, async (tx) => {
      const [blocks, tries, replies, rows] = await Promise.all([
        readLaneBlocks(tx, laneId, new Date(now)),
        loadTries(tx, laneId, since),
        loadReplies(tx, laneId, since),
        loadUnfinished(tx, laneId, new Date(now)),
      ]);
      const notificationIds = rows.map((row) => row.notification_id);
      await this.#composer.prepare(tx, notificationIds);
      return { blocks, tries, replies, rows };
    });
    const items = log.rows.map((row) => toPending(row, addressing));
    const calls = [...log.tries.map(loggedTry), ...items.flatMap(onTheWire)];
    const replies = log.replies.map((reply) => loggedReply(reply, addressing));
    this.#pacer.rebuild(now, calls, replies);
    for (const { conversationKey: conversation, blockedUntil } of log.blocks) {
      const scope = conversation === '' ? 'lane' : 'conversation';
      this.#pacer.block(now, scope, conversation, blockedUntil.getTime());
    }
    this.#resume(items, now);
    this.#begun = true;
  }

  /** Nobody knows of these; nothing else goes to their conversations before they are resolved. */
  #resume(items: readonly PendingDelivery[], now: number): void {
    for (const item of items) {
      this.#hold(item);
      if (item.phase === 'ready') {
        this.#queue.add(now, item);
        continue;
      }
      item.phase = 'unknown';
      this.#queue.occupy(item.conversation);
      this.addUnknown(item, Math.max(now, (item.notAfter?.getTime() ?? now) + settleMs));
    }
  }

  /** Reads what is due and not held yet. @returns how many came */
  async load(now: number, addressing: PlatformAddressing): Promise<number> {
    const limit = capacity - this.#held.size;
    if (limit <= 0) {
      // Full: whatever falls due meanwhile is found when there is room.
      this.#more = true;
      this.#nextDueAt = Number.POSITIVE_INFINITY;
      return 0;
    }
    const full = [...this.#byDestination].filter(([, count]) => count >= perDestination).map(([id]) => id);
    const held = [...this.#held.keys()];
    const { rows, contents, nextDue } = await this.#database.inTenant(
      this.#lane.tenantId,
      (tx) => loadDue(tx, this.#lane.laneId, { now: new Date(now), held, full, limit }),
      { ...laneTransaction, atOnce: true },
    );
    for (const [notificationId, content] of contents) this.#composer.remember(notificationId, content);
    this.#nextDueAt = nextDue?.getTime() ?? Number.POSITIVE_INFINITY;
    this.#more = rows.length === limit;
    for (const row of rows) {
      const item = toPending(row, addressing);
      this.#hold(item);
      this.#queue.add(now, item);
    }
    return rows.length;
  }

  /** Chooses what goes next, and counts it. */
  take(
    now: number,
    limit: number,
    { planMs, ...options }: { planMs: number } & Pick<TakeOptions, 'timeoutMs' | 'admits' | 'chosen'>,
  ): { starts: Start<PendingDelivery>[]; wakeAt: number } {
    return this.#queue.take(now, { ...options, limit, until: now + planMs });
  }

  /** It did not go after all: the limits forget it. */
  refund(charge: Charge): void {
    this.#pacer.refund(charge);
  }

  /** The platform answered. */
  answered(charge: Charge, at: number): void {
    this.#pacer.settle(charge, at);
  }

  countReply(addressing: PlatformAddressing, reference: RepliedTo, at: number): void {
    this.#pacer.chargeReply(at, conversationKey(addressing.paced(addressing.ofReference(reference))));
  }

  block(now: number, conversation: string, until: number): BlockScope {
    return this.#pacer.block(now, 'conversation', conversation, until);
  }

  /** What became of it elsewhere: the database knows. Its place in its conversation is kept until then. */
  async reread(now: number, item: PendingDelivery, addressing: PlatformAddressing): Promise<void> {
    const { tenantId, laneId } = this.#lane;
    const row = await this.#database.inTenant(tenantId, (tx) => loadReady(tx, laneId, item.id));
    if (row === null) return this.over(now, item);
    Object.assign(item, toPending(row, addressing));
    if (item.phase === 'ready') return this.putBack(now, item);
    item.phase = 'unknown';
    this.addUnknown(item, Math.max(now, (item.notAfter?.getTime() ?? now) + settleMs));
  }

  /** The delivery is over here: its conversation may go on. */
  over(now: number, item: PendingDelivery): void {
    if (this.#letGo(item)) this.#queue.done(now, item.conversation);
  }

  /**
   * What is recorded changes what is held.
   * @param ours this try was still the delivery's
   * @returns false: it has to be read again
   */
  recorded(now: number, { delivery, transition }: Settled, ours: boolean): boolean {
    delivery.repeatUntil = null;
    delivery.phase = 'ready';
    const isOver = transition.to !== 'ready' && transition.to !== 'unknown';
    if (isOver) this.over(now, delivery);
    else if (!ours) return false;
    else if (transition.to === 'unknown') {
      delivery.phase = 'unknown';
      this.addUnknown(delivery, transition.at);
    } else {
      delivery.attemptNo += transition.spent ? 1 : 0;
      delivery.reduced = transition.reduced;
      delivery.dueAt = transition.at;
      this.putBack(now, delivery);
    }
    return true;
  }

  /** It goes again at its `dueAt`. */
  putBack(now: number, item: PendingDelivery): void {
    this.#queue.putBack(now, item);
  }

  /** Those that waited and are over: expired, or not to be sent at all. */
  drop(now: number, deliveryIds: readonly string[]): void {
    for (const id of deliveryIds) {
      const item = this.#held.get(id);
      if (item !== undefined && this.#queue.remove(now, item.conversation, id)) this.#letGo(item);
    }
  }

  addUnknown(item: PendingDelivery, at: number): void {
    this.#unknown.push({ item, at });
  }

  /**
   * The next that may be looked up now, its call counted where the platform limits such; null when there is none. What
   * an earlier owner looked up is not counted: a refusal for that says itself how long to wait.
   */
  nextUnknown(
    now: number,
    addressing: PlatformAddressing,
  ): { item: PendingDelivery; charge: Charge | null } | null {
    while (this.nextUnknownAt <= now) {
      const item = this.#unknown.pop()?.item;
      if (item === undefined) return null;
      const call = addressing.lookingUp(item.destination);
      if (call === null) return { item, charge: null };
      const conversation = conversationKey(call);
      const at = this.#pacer.earliest(now, conversation, call.operation);
      if (at <= now) {
        const charge = this.#pacer.charge(now, conversation, now + callTimeoutMs, call.operation);
        return { item, charge };
      }
      this.addUnknown(item, at);
    }
    return null;
  }

  get nextUnknownAt(): number {
    return this.#unknown.peek()?.at ?? Number.POSITIVE_INFINITY;
  }

  /** The conversation of some delivery here, to ask the platform by. */
  anyReference(): ConversationReference | null {
    for (const { reference } of this.#held.values()) if (reference !== null) return reference;
    return null;
  }

  /** Keeps a conversation that was opened. */
  async opened(reference: ConversationReference, now: number): Promise<void> {
    const { laneId: registrationId, platform, tenantId } = this.#lane;
    await this.#database.inTenant(tenantId, (tx) =>
      captureReference(tx, { registrationId, platform }, reference, new Date(now)),
    );
  }

  #letGo(item: PendingDelivery): boolean {
    if (!this.#held.delete(item.id)) return false;
    const left = (this.#byDestination.get(item.destination.id) ?? 1) - 1;
    if (left > 0) this.#byDestination.set(item.destination.id, left);
    else this.#byDestination.delete(item.destination.id);
    return true;
  }

  #hold(item: PendingDelivery): void {
    this.#held.set(item.id, item);
    this.#byDestination.set(item.destination.id, (this.#byDestination.get(item.destination.id) ?? 0) + 1);
  }
}

function loggedTry(call: Awaited<ReturnType<typeof loadTries>>[number]) {
  return {
    conversation: call.conversationKey,
    operation: call.operation ?? 'send',
    at: call.startedAt.getTime(),
    latest: call.at.getTime(),
  };
}

function onTheWire({ conversation, operation, startedAt, notAfter }: PendingDelivery) {
  if (startedAt === null || notAfter === null) return [];
  return [
    { conversation, operation: operation ?? 'send', at: startedAt.getTime(), latest: notAfter.getTime() },
  ];
}

function loggedReply(
  { reference, at }: Awaited<ReturnType<typeof loadReplies>>[number],
  addressing: PlatformAddressing,
) {
  const conversation =
    reference === null ? null : conversationKey(addressing.paced(addressing.ofReference(reference)));
  return { conversation, at: at.getTime(), latest: at.getTime() };
}
