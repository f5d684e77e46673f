/** A binary heap: the first of many in logarithmic time. */

export class BinaryHeap<T> {
  readonly #before: (a: T, b: T) => boolean;
  readonly #items: T[] = [];

  /** @param before whether `a` comes out before `b`; a strict order */
  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    const items = this.#items;
    let hole = items.length;
    items.push(item);
    while (hole > 0) {
      const above = (hole - 1) >> 1;
      const parent = items[above] as T;
      if (!this.#before(item, parent)) break;
      items[hole] = parent;
      hole = above;
    }
    items[hole] = item;
  }

  pop(): T | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (items.length > 0 && last !== undefined) this.#sink(last);
    return first;
  }

  /** Lets `item` sink from the top, whose own item was taken. */
  #sink(item: T): void {
    const items = this.#items;
    const size = items.length;
    let hole = 0;
    for (;;) {
      let below = 2 * hole + 1;
      if (below >= size) break;
      const right = below + 1;
      if (right < size && this.#before(items[right] as T, items[below] as T)) below = right;
      const child = items[below] as T;
      if (!this.#before(child, item)) break;
      items[hole] = child;
      hole = below;
    }
    items[hole] = item;
  }
}
