/** Records which replies arrived: those of a tenant that come shortly after one another share a transaction. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../infra/database.ts';
import { completeReceipts, type SentReply } from './receipt-store.ts';

/**
 * How long the first of them waits for others. A crash meanwhile doubles replies, which a crash between reply and
 * record may do anyway; a transaction for each reply is a round trip and four statements more.
 */
const waitMs = 50;

export class ReplyRecords {
  readonly #database: Database;
  readonly #open = new Map<string, { sent: SentReply[]; recorded: Promise<void> }>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Resolves when the reply is recorded, unless somebody else took it over since. @throws what the database throws */
  add(tenantId: string, reply: SentReply): Promise<void> {
    const open = this.#open.get(tenantId);
    if (open !== undefined) {
      open.sent.push(reply);
      return open.recorded;
    }
    const sent = [reply];
    const recorded = sleep(waitMs).then(() => this.#record(tenantId, sent));
    this.#open.set(tenantId, { sent, recorded });
    return recorded;
  }

  async #record(tenantId: string, sent: readonly SentReply[]): Promise<void> {
    this.#open.delete(tenantId);
    // Losing this record in a crash of the database costs a doubled reply, which a crash may cost anyway.
    await this.#database.inTenant(tenantId, (tx) => completeReceipts(tx, sent), { durable: false });
  }
}
