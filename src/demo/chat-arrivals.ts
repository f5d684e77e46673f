/** What arrives in a conversation: each version of each message of the bot, handed out once. */
import type { SeenMessage, Where } from '../kernel/simulated-chat.ts';
import type { ChatSeat } from './remote-chat.ts';

export interface Arrival {
  message: SeenMessage;
  /** An earlier version was there before. */
  updated: boolean;
}

/** Versions of the messages that this terminal knows, by their ids; of all its conversations. */
export type KnownVersions = Map<string, number>;

/** How long one call waits for a message; another one follows it. */
const watchMs = 60_000;

export class Arrivals {
  readonly where: Where;
  readonly #seat: ChatSeat;
  readonly #known: KnownVersions;
  /** The only call that waits, whoever asked for it. */
  #outstanding: Promise<boolean> | null = null;

  /** What is there already has been seen. @throws Error of the seat */
  static async open(seat: ChatSeat, where: Where, known: KnownVersions): Promise<Arrivals> {
    const arrivals = new Arrivals(seat, where, known);
    for (const message of await seat.messages(where)) arrivals.saw(message);
    return arrivals;
  }

  private constructor(seat: ChatSeat, where: Where, known: KnownVersions) {
    this.#seat = seat;
    this.where = where;
    this.#known = known;
  }

  saw({ id, versions }: SeenMessage): void {
    this.#known.set(id, versions);
  }

  /** What came since; nothing of it again. @throws Error of the seat */
  async take(): Promise<Arrival[]> {
    const messages = await this.#seat.messages(this.where);
    return messages.flatMap((message) => {
      const known = this.#known.get(message.id);
      if (known !== undefined && known >= message.versions) return [];
      this.saw(message);
      return [{ message, updated: known !== undefined }];
    });
  }

  /** What came or comes within the time; empty after it. @throws Error of the seat */
  async wait(timeoutMs: number): Promise<Arrival[]> {
    const until = Date.now() + timeoutMs;
    for (;;) {
      const arrived = await this.take();
      const left = until - Date.now();
      if (arrived.length > 0 || left <= 0) return arrived;
      await withinTime(this.next(), left);
    }
  }

  /** Resolves once something may have come, or after a while. @throws Error of the seat */
  next(): Promise<boolean> {
    if (this.#outstanding !== null) return this.#outstanding;
    const outstanding = this.#watch().finally(() => {
      this.#outstanding = null;
    });
    // Whoever waited may have given up.
    outstanding.catch(() => undefined);
    this.#outstanding = outstanding;
    return outstanding;
  }

  async #watch(): Promise<boolean> {
    const began = Date.now();
    const known = [...this.#known].map(([id, versions]) => ({ id, versions }));
    try {
      await this.#seat.nextMessage(this.where, known, watchMs);
      return true;
    } catch (error) {
      // Before its time it is no lack of messages.
      if (Date.now() - began < watchMs - 100) throw error;
      return false;
    }
  }
}

/** What the promise brings, or undefined after the time. */
export async function withinTime<T>(promise: Promise<T>, timeoutMs: number): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), timeoutMs);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
