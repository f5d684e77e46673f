/** What a lane queue must choose, by looking at every delivery every time. */
import { expect } from 'vitest';
import type { ReadyItem, Start } from '../../../src/notify/lane-queue.ts';
import type { LanePacer } from '../../../src/notify/pacing.ts';

interface Line {
  items: ReadyItem[];
  inFlight: boolean;
  servedAt: number;
  turn: number;
}

export class NaiveQueue {
  readonly #pacer: LanePacer;
  readonly #levelMs: number;
  readonly #lines = new Map<string, Line>();
  #turn = 0;

  /** @param pacer the queue's own: the model asks it too, and leaves charging to the queue */
  constructor(pacer: LanePacer, levelMs: number) {
    this.#pacer = pacer;
    this.#levelMs = levelMs;
  }

  get size(): number {
    return [...this.#lines.values()].reduce((sum, { items }) => sum + items.length, 0);
  }

  add(item: ReadyItem): void {
    const line = this.#lines.get(item.conversation);
    if (line !== undefined) {
      line.items.push(item);
      return;
    }
    this.#turn += 1;
    const fresh = { items: [item], inFlight: false, servedAt: Number.NEGATIVE_INFINITY, turn: this.#turn };
    this.#lines.set(item.conversation, fresh);
  }

  remove({ conversation, id }: ReadyItem): boolean {
    const line = this.#lines.get(conversation);
    const index = line?.items.findIndex((item) => item.id === id) ?? -1;
    if (line === undefined || index < 0) return false;
    line.items.splice(index, 1);
    if (line.items.length === 0 && !line.inFlight) this.#lines.delete(conversation);
    return true;
  }

  end(now: number, conversation: string, again: ReadyItem | null): void {
    const line = this.#lines.get(conversation);
    if (line === undefined) return;
    if (again !== null) line.items.unshift(again);
    this.#turn += 1;
    Object.assign(line, { inFlight: false, servedAt: now, turn: this.#turn });
    if (line.items.length === 0) this.#lines.delete(conversation);
  }

  /**
   * Every choice must be the best of all by rank and turn; when the queue stopped, nothing may have been left that
   * could start, and `wakeAt` must not be later than when the next could.
   * @param opened what `opens` said before the choice
   */
  expectSame(
    now: number,
    { limit, until }: { limit: number; until: number },
    { starts, wakeAt }: { starts: readonly Start<ReadyItem>[]; wakeAt: number },
    opened: ReadonlyMap<string, number>,
  ): void {
    expect(starts.length).toBeLessThanOrEqual(limit);
    for (const { item, charge } of starts) {
      const line = this.#lines.get(item.conversation);
      expect(line?.items[0]).toBe(item);
      if (line === undefined) continue;
      expect(line.inFlight).toBe(false);
      expect(charge.at).toBeGreaterThanOrEqual(Math.max(now, item.dueAt));
      expect(charge.at).toBeLessThanOrEqual(until);
      const better = [...this.#lines].filter(
        ([conversation, other]) =>
          other !== line &&
          !other.inFlight &&
          this.#mayGo(other, item.operation, now, until) &&
          (opened.get(conversation) ?? 0) <= until &&
          this.#isBefore(other, line),
      );
      expect(better.map(([conversation]) => conversation)).toEqual([]);
      line.inFlight = true;
      line.items.shift();
    }
    const left = [...this.#lines].filter(([, { inFlight, items }]) => !inFlight && items.length > 0);
    const possible = left.map(([conversation, line]) =>
      Math.max(this.#opens(now, conversation, line), this.#pacer.laneEarliest(now, line.items[0]?.operation)),
    );
    const next = Math.min(Number.POSITIVE_INFINITY, ...possible);
    if (starts.length < limit) {
      expect(next).toBeGreaterThan(until);
      expect(wakeAt).toBeGreaterThan(until);
    }
    expect(wakeAt).toBeLessThanOrEqual(next);
    expect(Number.isFinite(wakeAt)).toBe(Number.isFinite(next));
  }

  /** When each conversation may send, as far as it alone is concerned. */
  opens(now: number): Map<string, number> {
    return new Map([...this.#lines].map(([name, line]) => [name, this.#opens(now, name, line)]));
  }

  #opens(now: number, conversation: string, { items: [head] }: Line): number {
    if (head === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(head.dueAt, this.#pacer.conversationEarliest(now, conversation, head.operation));
  }

  /** As far as the lane is concerned: it let the chosen operation go, and this one if it still does. */
  #mayGo({ items: [head] }: Line, chosen: string | undefined, now: number, until: number): boolean {
    return head?.operation === chosen || this.#pacer.laneEarliest(now, head?.operation) <= until;
  }

  #isBefore(a: Line, b: Line): boolean {
    const [rankA, rankB] = [this.#rank(a), this.#rank(b)];
    return rankA < rankB || (rankA === rankB && a.turn < b.turn);
  }

  #rank({ items, servedAt }: Line): number {
    const priority = Math.max(...items.map((item) => item.priority));
    return Math.max(items[0]?.dueAt ?? 0, servedAt) - priority * this.#levelMs;
  }
}
