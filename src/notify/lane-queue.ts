/** Which of a lane's ready deliveries go next, and when to look again (pure: time is an argument). */
import { BinaryHeap } from './binary-heap.ts';
import { ConversationLine, type ReadyItem } from './conversation-line.ts';
import type { Charge, LanePacer } from './pacing.ts';

export type { ReadyItem } from './conversation-line.ts';

/** A delivery that goes at `charge.at`; its call is counted already. */
export interface Start<T> {
  item: T;
  charge: Charge;
}

export interface TakeOptions {
  /** At most so many: what the lane may still have in flight. */
  limit: number;
  /** Starts up to this time are planned, so that their intents share a commit; `now` by default. At most 1 s ahead. */
  until?: number;
  /** Whether a call of the operation may start at all now; asked before each is chosen. */
  admits?: (operation: string) => boolean;
  /** Told of each that is. */
  chosen?: (operation: string) => void;
  /** How long a call may take; until it is settled it may arrive. 0 by default. */
  timeoutMs?: number;
}

interface Next<T extends ReadyItem> {
  line: ConversationLine<T>;
  /** Its first. */
  item: T;
  at: number;
}

/** A line's place; out of date as soon as the line's stamp is another. */
interface Place<T extends ReadyItem> {
  line: ConversationLine<T>;
  stamp: number;
  /** Ready: the rank. Waiting: when the conversation may send again. */
  key: number;
  turn: number;
}

/** How much waiting makes up for one level of priority. */
const defaultLevelMs = 3_600_000;

/**
 * Conversations take turns. Each has one delivery in flight at most and keeps its order; the next is that of the
 * conversation that has waited longest since its last turn, or since its first delivery fell due, where one level of
 * priority counts like `levelMs` of waiting (the highest of a conversation, since a delivery cannot overtake there).
 * As everything ages alike, ranks stand still and a heap keeps them. Conversations whose windows are full wait in a
 * second heap by the time that they open, so that they neither hide others nor are looked at: a call costs
 * O((starts + conversations that open) × log n).
 */
export class LaneQueue<T extends ReadyItem> {
  readonly #pacer: LanePacer;
  readonly #levelMs: number;
  readonly #lines = new Map<string, ConversationLine<T>>();
  /** By operation of the first delivery, since operations have windows of their own. */
  readonly #ready = new Map<string, BinaryHeap<Place<T>>>();
  readonly #waiting = new BinaryHeap<Place<T>>(isBefore);
  #turn = 0;
  #size = 0;

  constructor(pacer: LanePacer, levelMs = defaultLevelMs) {
    this.#pacer = pacer;
    this.#levelMs = levelMs;
  }

  /** Deliveries that have not started. */
  get size(): number {
    return this.#size;
  }

  /** Puts a delivery at the end of its conversation. */
  add(now: number, item: T): void {
    this.#size += 1;
    const line = this.#lines.get(item.conversation);
    if (line !== undefined) {
      const raised = line.push(item);
      if (line.state === 'ready' && raised) this.#placeReady(line);
      return;
    }
    const fresh = new ConversationLine<T>(item.conversation);
    this.#lines.set(item.conversation, fresh);
    fresh.push(item);
    this.#join(now, fresh);
  }

  /** The conversation has a delivery that is not over, which somebody else started: nothing goes there until `done`. */
  occupy(conversation: string): void {
    const line = this.#lines.get(conversation) ?? new ConversationLine<T>(conversation);
    this.#lines.set(conversation, line);
    line.state = 'in_flight';
    line.stamp += 1;
  }

  /** Takes a delivery out that has not started (cancelled, expired, superseded); false when there is none. */
  remove(now: number, conversation: string, id: string): boolean {
    const line = this.#lines.get(conversation);
    if (line === undefined || !line.remove(id)) return false;
    this.#size -= 1;
    if (line.state !== 'in_flight') this.#place(now, line);
    return true;
  }

  /** Chooses, and counts what it chose. `wakeAt`: nothing more can start before, unless something changes. */
  take(
    now: number,
    { limit, until = now, timeoutMs = 0, admits = () => true, chosen }: TakeOptions,
  ): { starts: Start<T>[]; wakeAt: number } {
    this.#wake(until);
    const starts: Start<T>[] = [];
    while (starts.length < limit) {
      const next = this.#next(now, until, admits);
      if (next === null) break;
      chosen?.(next.item.operation ?? 'send');
      starts.push({ item: next.item, charge: this.#start(next, timeoutMs) });
    }
    return { starts, wakeAt: this.#wakeAt(now, admits) };
  }

  /** The conversation's delivery is over, and its charge settled if it was answered: the next may go. */
  done(now: number, conversation: string): void {
    const line = this.#lines.get(conversation);
    if (line?.state !== 'in_flight') return;
    line.servedAt = now;
    this.#join(now, line);
  }

  /** The delivery that was in flight is to go again at its `dueAt`, before the others of its conversation. */
  putBack(now: number, item: T): void {
    const line = this.#lines.get(item.conversation);
    if (line?.state !== 'in_flight') {
      this.add(now, item);
      return;
    }
    line.putBack(item);
    this.#size += 1;
    this.done(now, item.conversation);
  }

  /** At the end of its equals. */
  #join(now: number, line: ConversationLine<T>): void {
    this.#turn += 1;
    line.turn = this.#turn;
    this.#place(now, line);
  }

  /** A line that is not in flight stands where it belongs. */
  #place(now: number, line: ConversationLine<T>): void {
    line.stamp += 1;
    const head = line.head;
    if (head === undefined) {
      this.#lines.delete(line.conversation);
      return;
    }
    const opens = this.#opens(now, line, head);
    if (opens > now) this.#placeWaiting(line, opens);
    else this.#placeReady(line);
  }

  #opens(now: number, { conversation }: ConversationLine<T>, { dueAt, operation }: T): number {
    return Math.max(dueAt, this.#pacer.conversationEarliest(now, conversation, operation));
  }

  #placeWaiting(line: ConversationLine<T>, opens: number): void {
    line.stamp += 1;
    line.state = 'waiting';
    this.#waiting.push({ line, stamp: line.stamp, key: opens, turn: line.turn });
  }

  #placeReady(line: ConversationLine<T>): void {
    line.stamp += 1;
    line.state = 'ready';
    const operation = line.head?.operation ?? 'send';
    const heap = this.#ready.get(operation) ?? new BinaryHeap<Place<T>>(isBefore);
    this.#ready.set(operation, heap);
    heap.push({ line, stamp: line.stamp, key: line.rank(this.#levelMs), turn: line.turn });
  }

  /** Conversations that open by `until` stand in line. */
  #wake(until: number): void {
    for (;;) {
      const place = peekValid(this.#waiting);
      if (place === undefined || place.key > until) return;
      this.#waiting.pop();
      this.#placeReady(place.line);
    }
  }

  /** The best line that may start by `until`, and when. */
  #next(now: number, until: number, admits: (operation: string) => boolean): Next<T> | null {
    let best: (Next<T> & { place: Place<T>; heap: BinaryHeap<Place<T>> }) | null = null;
    for (const [operation, heap] of this.#ready) {
      const laneOpens = this.#pacer.laneEarliest(now, operation);
      if (laneOpens > until || !admits(operation)) continue;
      const found = this.#firstOpen(heap, now, until);
      if (found === null || (best !== null && !isBefore(found.place, best.place))) continue;
      const { place, item, opens } = found;
      best = { place, item, heap, line: place.line, at: Math.max(laneOpens, opens) };
    }
    best?.heap.pop();
    return best;
  }

  /** Conversations that were closed meanwhile (a reply there, a throttle) go back to wait. */
  #firstOpen(
    heap: BinaryHeap<Place<T>>,
    now: number,
    until: number,
  ): { place: Place<T>; item: T; opens: number } | null {
    for (;;) {
      const place = peekValid(heap);
      const head = place?.line.head;
      if (place === undefined || head === undefined) return null;
      const opens = this.#opens(now, place.line, head);
      if (opens <= until) return { place, item: head, opens };
      heap.pop();
      this.#placeWaiting(place.line, opens);
    }
  }

  #start({ line, item, at }: Next<T>, timeoutMs: number): Charge {
    line.shift();
    line.state = 'in_flight';
    line.stamp += 1;
    this.#size -= 1;
    return this.#pacer.charge(at, line.conversation, at + timeoutMs, item.operation);
  }

  #wakeAt(now: number, admits: (operation: string) => boolean): number {
    let wakeAt = peekValid(this.#waiting)?.key ?? Number.POSITIVE_INFINITY;
    for (const [operation, heap] of this.#ready) {
      if (peekValid(heap) !== undefined && admits(operation))
        wakeAt = Math.min(wakeAt, this.#pacer.laneEarliest(now, operation));
    }
    return wakeAt;
  }
}

/** The first place that is still its line's; those before it are dropped. */
function peekValid<T extends ReadyItem>(heap: BinaryHeap<Place<T>>): Place<T> | undefined {
  for (;;) {
    const place = heap.peek();
    if (place === undefined || place.stamp === place.line.stamp) return place;
    heap.pop();
  }
}

function isBefore(a: { key: number; turn: number }, b: { key: number; turn: number }): boolean {
  return a.key < b.key || (a.key === b.key && a.turn < b.turn);
}
