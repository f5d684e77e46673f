/** Changes in a simulated platform: who is told of them, and who waits for one. */

/** Told of every change. `Change`: what it is about, as the parameters of a listener. */
export class Changes<Change extends readonly unknown[]> {
  readonly #listeners = new Set<(...change: Change) => void>();

  /** Calls back at every change; returns what ends that. */
  subscribe(listener: (...change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * What `read` makes of the first change to come that it makes something of.
   * @param missing what the error says that there was not, e.g. `no new message`
   * @throws Error after `timeoutMs`
   */
  first<T>(read: (...change: Change) => T | null, timeoutMs: number, missing: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        end();
        reject(new Error(`${missing} within ${timeoutMs} ms`));
      }, timeoutMs);
      // Nobody who waits keeps a process running whose simulator was closed.
      timer.unref();
      const end = this.subscribe((...change) => {
        const found = read(...change);
        if (found === null) return;
        clearTimeout(timer);
        end();
        resolve(found);
      });
    });
  }

  protected tell(...change: Change): void {
    for (const listener of this.#listeners) listener(...change);
  }
}
