/** Audiences that were announced to this process: those of a tenant are worked through together, tenants take turns. */
import { codeOf } from '../infra/database.ts';
import { expandTogether, maxTogether } from './expand-audience.ts';

type Dependencies = Parameters<typeof expandTogether>[0];

export class AudienceQueue {
  readonly #deps: Dependencies;
  readonly #maxWorkers: number;
  /** Notifications by tenant; the tenant whose turn it is comes first. */
  readonly #waiting = new Map<string, Set<string>>();
  readonly #workers = new Set<Promise<void>>();

  /** @param maxWorkers each holds a connection */
  constructor(deps: Dependencies, maxWorkers: number) {
    this.#deps = deps;
    this.#maxWorkers = maxWorkers;
  }

  /** Puts one in line; what fails is left to the search for what is due. */
  add(tenantId: string, notificationId: string): void {
    const ids = this.#waiting.get(tenantId) ?? new Set();
    this.#waiting.set(tenantId, ids.add(notificationId));
    if (this.#workers.size >= this.#maxWorkers) return;
    const worker: Promise<void> = this.#work().finally(() => this.#workers.delete(worker));
    this.#workers.add(worker);
  }

  /** Forgets what waits, and resolves when nobody works any more. */
  async close(): Promise<void> {
    this.#waiting.clear();
    await Promise.all(this.#workers);
  }

  async #work(): Promise<void> {
    for (let turn = this.#next(); turn !== null; turn = this.#next()) {
      const { tenantId, ids } = turn;
      try {
        const { unfinished, failed } = await expandTogether(this.#deps, tenantId, ids);
        for (const id of unfinished) this.add(tenantId, id);
        for (const { notificationId, error } of failed) this.#tell({ tenantId, notificationId }, error);
      } catch (error) {
        this.#tell({ tenantId }, error);
      }
    }
  }

  #tell(fields: { tenantId: string; notificationId?: string }, error: unknown): void {
    this.#deps.log.warn({ ...fields, code: codeOf(error) }, 'an audience is tried again');
  }

  /** Of the tenant that waits longest; its others go behind those of other tenants. */
  #next(): { tenantId: string; ids: string[] } | null {
    const [first] = this.#waiting;
    if (first === undefined) return null;
    const [tenantId, waiting] = first;
    const ids = [...waiting].slice(0, maxTogether);
    this.#waiting.delete(tenantId);
    for (const id of ids) waiting.delete(id);
    if (waiting.size > 0) this.#waiting.set(tenantId, waiting);
    return { tenantId, ids };
  }
}
