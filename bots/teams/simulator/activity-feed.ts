/** What stands in people's activity feeds. */
import type { Clock } from '../../../src/kernel/ports.ts';

export interface FeedEntry {
  /** Entra object id. */
  person: string;
  appId: string;
  chainId: number;
  title: string;
  preview: string;
  webUrl: string;
  at: Date;
  /** 1 when nothing took its place yet. */
  versions: number;
}

/** One entry for each person, app and chain: a later one takes an earlier one's place. */
export class ActivityFeed {
  readonly #clock: Clock;
  readonly #entries = new Map<string, FeedEntry>();
  #accepted = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Accepted requests, those too that replaced an entry. */
  get accepted(): number {
    return this.#accepted;
  }

  record(entry: Omit<FeedEntry, 'at' | 'versions'>): void {
    const key = `${entry.person}|${entry.appId}|${entry.chainId}`;
    const versions = (this.#entries.get(key)?.versions ?? 0) + 1;
    this.#entries.set(key, { ...entry, at: this.#clock.now(), versions });
    this.#accepted += 1;
  }

  /** What the person sees, or what all see. */
  entries(person?: string): FeedEntry[] {
    return [...this.#entries.values()].filter((entry) => person === undefined || entry.person === person);
  }

  clear(): void {
    this.#entries.clear();
    this.#accepted = 0;
  }
}
