/** Carries hints about work between processes by NOTIFY: lost ones cost time, never work. */
import pg from 'pg';
import { isUuid } from '../kernel/ids.ts';
import type { Log } from '../kernel/ports.ts';
import type { AnnouncedWork, Sql } from './database.ts';

const channel = 'deskbridge_work';
/** Notifications of the same moment share a statement: each commit of one holds a lock of the whole cluster. */
const gatherMs = 5;
const mostOfOne = 50;
const reconnectMs = 1_000;

/** Tells other processes, not sooner than a few milliseconds later, of many at once. */
export class RemoteAnnouncer {
  readonly #directory: Sql;
  readonly #log: Log;
  readonly #waiting = new Map<string, AnnouncedWork>();
  #timer: NodeJS.Timeout | null = null;

  constructor(directory: Sql, log: Log) {
    this.#directory = directory;
    this.#log = log;
  }

  announce(work: AnnouncedWork): void {
    if (this.#waiting.size < mostOfOne) this.#waiting.set(work.id, work);
    this.#timer ??= setTimeout(() => void this.#send(), gatherMs).unref();
  }

  async #send(): Promise<void> {
    this.#timer = null;
    const works = [...this.#waiting.values()];
    this.#waiting.clear();
    try {
      await this.#directory.query('select pg_notify($1, $2)', [channel, JSON.stringify(works)]);
    } catch (error) {
      this.#log.debug({ err: error }, 'a hint was not given; the work is found without it');
    }
  }
}

/** Hears what other processes tell. @returns what ends it */
export function listenForWork(
  url: string,
  log: Log,
  heard: (work: AnnouncedWork) => void,
): () => Promise<void> {
  let client: pg.Client | null = null;
  let timer: NodeJS.Timeout | null = null;
  let isClosed = false;
  const connect = async () => {
    timer = null;
    const next = new pg.Client({
      connectionString: url,
      application_name: 'deskbridge hints',
      keepAlive: true,
    });
    client = next;
    next.on('error', () => next.end().catch(() => undefined));
    next.on('end', () => {
      if (!isClosed) timer ??= setTimeout(() => void connect(), reconnectMs).unref();
    });
    next.on('notification', ({ payload = '' }) => {
      for (const work of read(payload)) heard(work);
    });
    try {
      await next.connect();
      await next.query(`listen ${channel}`);
    } catch (error) {
      log.debug({ err: error }, 'hints of other processes are not heard for now');
      await next.end().catch(() => undefined);
    }
  };
  void connect();
  return async () => {
    isClosed = true;
    if (timer !== null) clearTimeout(timer);
    await client?.end().catch(() => undefined);
  };
}

/** What is not ours is passed over. */
function read(payload: string): AnnouncedWork[] {
  try {
    const works: unknown = JSON.parse(payload);
    return Array.isArray(works) ? works.filter(isWork) : [];
  } catch {
    return [];
  }
}

function isWork(value: unknown): value is AnnouncedWork {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, tenantId, id } = value as Partial<AnnouncedWork>;
  return (kind === 'audience' || kind === 'lane') && isUuid(String(tenantId)) && isUuid(String(id));
}
