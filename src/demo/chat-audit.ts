/** Which audit rows a person's last gesture left. */

/** What is shown of an audit event; named as the API names it. */
export interface ShownAuditEvent {
  seq: number;
  action: string;
  result: string;
  error_code: string | null;
  payload_hash: string;
  platform_user_id: string | null;
}

/** Reads the newest events of the demo tenant, newest first. */
export type ReadAuditEvents = (limit: number) => Promise<ShownAuditEvent[]>;

/** A gesture leaves one row; others may act at the same time. */
const maxRows = 50;

/** Remembers how far the audit was read. */
export class AuditWatch {
  readonly #read: ReadAuditEvents;
  #lastSeq: number | null = null;

  constructor(read: ReadAuditEvents) {
    this.#read = read;
  }

  /** Before a gesture: what lies before is not shown. @throws what reading throws */
  async begin(): Promise<void> {
    if (this.#lastSeq !== null) return;
    const [newest] = await this.#read(1);
    this.#lastSeq = newest?.seq ?? 0;
  }

  /** The rows since the last call that this person caused, in their order. @throws what reading throws */
  async fresh(platformUserId: string): Promise<ShownAuditEvent[]> {
    const before = this.#lastSeq;
    if (before === null) return [];
    const rows = (await this.#read(maxRows)).filter((row) => row.seq > before);
    this.#lastSeq = Math.max(before, ...rows.map((row) => row.seq));
    return rows.filter((row) => row.platform_user_id === platformUserId).reverse();
  }
}
