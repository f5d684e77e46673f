/** Where each kill caught the commands that were under way, told from the ledger, the oracle and the dead server's database. */

import type { TeamsSimulator } from '../../bots/teams/simulator/index.ts';
import type { Sql } from '../../src/infra/database.ts';
import { isTyped, type Ledger } from './ledger.ts';

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

/** Sorts what kills catch; each receipt is counted at the first kill that caught it. */
export class PhaseCounter {
  readonly #seen = new Set<string>();
  readonly #sql: Sql;
  readonly #ledger: Ledger;
  readonly #simulator: TeamsSimulator;

  constructor(sql: Sql, ledger: Ledger, simulator: TeamsSimulator) {
    this.#sql = sql;
    this.#ledger = ledger;
    this.#simulator = simulator;
  }

  /**
   * Called as soon as the server is dead. @param inFlight event keys that were under way when it was killed.
   * A commit that PostgreSQL still works on counts as not yet made.
   */
  async count(inFlight: ReadonlySet<string>): Promise<PhaseCounts> {
    const caught = noPhases();
    const rows = await this.#sql.query<{ event_key: string; error_code: string | null }>(
      "select event_key, error_code from receipts where status = 'handled'",
    );
    const open = new Set(rows.map(({ event_key: key }) => key));
    for (const key of inFlight) if (!open.has(key)) caught['before the commit'] += 1;
    for (const { event_key: key, error_code: code } of rows) {
      if (this.#seen.has(key)) continue;
      this.#seen.add(key);
      // A reply that waits for its next try was not caught by this kill.
      if (code === null) this.#sort(key, inFlight, caught);
    }
    return caught;
  }

  #sort(key: string, inFlight: ReadonlySet<string>, caught: PhaseCounts): void {
    const entry = this.#ledger.ofEvent(key);
    if (entry === null) return;
    const { command, delivery } = entry;
    if (command.replies.some(({ replyToId }) => replyToId === delivery.activityId)) {
      caught['reply sent, not recorded'] += 1;
    } else if (!isTyped(command) && delivery.statuses.includes(200)) {
      const card = this.#simulator.oracle.find(command.by.conversation.id, command.cardMessageId ?? '');
      const updated = card?.history.some(({ kind }) => kind === 'update') ?? false;
      // An answer that arrived was its reply; a form's card is brought up to date besides.
      const sent = command.cardMessageId === null || updated;
      caught[sent ? 'reply sent, not recorded' : 'answered, reply not sent'] += 1;
    } else if (inFlight.has(key) || !delivery.statuses.includes(200)) {
      caught['committed, not answered'] += 1;
    } else caught['answered, reply not sent'] += 1;
  }
}
