/** Where each kill caught the commands that were under way, told by ledger, sightings and the dead server's database. */
import type { Sql } from '../../src/infra/database.ts';
import type { Ledger } from './ledger.ts';
import type { Sightings } from './sightings.ts';

export const phases = [
  'before the commit',
  'committed, not answered',
  'answered, reply not sent',
  'reply sent, not recorded',
] as const;
export type Phase = (typeof phases)[number];
export type PhaseCounts = Record<Phase, number>;

export function noPhases(): PhaseCounts {
  return {
    'before the commit': 0,
    'committed, not answered': 0,
    'answered, reply not sent': 0,
    'reply sent, not recorded': 0,
  };
}

/** A receipt whose reply is not known to have arrived. */
interface OpenReceipt {
  receipt_id: string;
  event_key: string;
  error_code: string | null;
  claimed_at: Date;
  /** The reply is a message, alone or besides its answer. */
  by_message: boolean;
  /** The message of ours that the reply brings up to date. */
  updates: string | null;
}

const openSql = `
  select receipt_id, event_key, error_code, claimed_at, jsonb_exists(reply, 'message') as by_message,
         reply ->> 'updateMessageId' as updates
    from receipts where status = 'handled'`;

/** Sorts what kills catch; each receipt is counted at the first kill that caught it. */
export class PhaseCounter {
  readonly #seen = new Set<string>();
  readonly #sql: Sql;
  readonly #ledger: Ledger;
  readonly #sightings: Sightings;

  constructor(sql: Sql, ledger: Ledger, sightings: Sightings) {
    this.#sql = sql;
    this.#ledger = ledger;
    this.#sightings = sightings;
  }

  /**
   * Called as soon as the server is dead. @param inFlight event keys that were under way when it was killed.
   * A commit that PostgreSQL still works on counts as not yet made.
   */
  async count(inFlight: ReadonlySet<string>): Promise<PhaseCounts> {
    const caught = noPhases();
    const rows = await this.#sql.query<OpenReceipt>(openSql);
    const open = new Set(rows.map(({ event_key: key }) => key));
    for (const key of inFlight) if (!open.has(key)) caught['before the commit'] += 1;
    for (const row of rows) {
      const { event_key: key, error_code: code } = row;
      if (this.#seen.has(key)) continue;
      this.#seen.add(key);
      // A reply that waits for its next try was not caught by this kill.
      const phase = code === null ? this.#phaseOf(row) : null;
      if (phase !== null) caught[phase] += 1;
    }
    return caught;
  }

  #phaseOf(row: OpenReceipt): Phase | null {
    const entry = this.#ledger.ofEvent(row.event_key);
    if (entry === null) return null;
    const { delivery } = entry;
    const isPosted = this.#sightings.repliesTo(row.receipt_id, delivery.messageId).length > 0;
    const updated = row.updates === null ? null : this.#sightings.byId(row.updates);
    const isUpdated = updated !== null && updated.changedAt >= row.claimed_at.getTime();
    if (isPosted || isUpdated) return 'reply sent, not recorded';
    if (!delivery.statuses.includes(200)) return 'committed, not answered';
    // An answer that arrived was the reply, where nothing else is to come.
    return row.by_message ? 'answered, reply not sent' : 'reply sent, not recorded';
  }
}
