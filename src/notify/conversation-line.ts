/** The deliveries that wait for one conversation, in their order, and its place among the others. */

export interface ReadyItem {
  id: string;
  /** What the platform counts as one conversation. */
  conversation: string;
  /** A level; higher ones go first. */
  priority: number;
  /** Not before; milliseconds since the epoch. */
  dueAt: number;
  /** As in the platform's limits; `send` by default. */
  operation?: string;
}

export class ConversationLine<T extends ReadyItem> {
  readonly conversation: string;
  state: 'waiting' | 'ready' | 'in_flight' = 'waiting';
  /** Changes with its place. */
  stamp = 0;
  /** Orders equals. */
  turn = 0;
  servedAt = Number.NEGATIVE_INFINITY;
  #items: T[] = [];
  /** Index of the first; those before it are gone. */
  #first = 0;
  /** How many there are of each priority: few levels. */
  readonly #levels = new Map<number, number>();

  constructor(conversation: string) {
    this.conversation = conversation;
  }

  get head(): T | undefined {
    return this.#items[this.#first];
  }

  /** Lower goes first: the time since which it waits, less what its priority counts for. */
  rank(levelMs: number): number {
    const since = Math.max(this.head?.dueAt ?? 0, this.servedAt);
    return since - Math.max(...this.#levels.keys()) * levelMs;
  }

  /** @returns whether the line's priority rose */
  push(item: T): boolean {
    const raised = this.head !== undefined && item.priority > Math.max(...this.#levels.keys());
    this.#items.push(item);
    this.#count(item, 1);
    return raised;
  }

  /** Back to the front. */
  putBack(item: T): void {
    this.#items = [item, ...this.#items.slice(this.#first)];
    this.#first = 0;
    this.#count(item, 1);
  }

  shift(): T | undefined {
    const item = this.head;
    if (item === undefined) return undefined;
    this.#first += 1;
    if (this.#first > 32 && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    this.#count(item, -1);
    return item;
  }

  remove(id: string): boolean {
    const index = this.#items.findIndex((item, at) => at >= this.#first && item.id === id);
    const [item] = index < 0 ? [] : this.#items.splice(index, 1);
    if (item === undefined) return false;
    this.#count(item, -1);
    return true;
  }

  #count({ priority }: T, change: number): void {
    const count = (this.#levels.get(priority) ?? 0) + change;
    if (count === 0) this.#levels.delete(priority);
    else this.#levels.set(priority, count);
  }
}
