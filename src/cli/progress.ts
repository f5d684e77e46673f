/** Follows a notification until nothing of it waits any more: a bar on a terminal, lines elsewhere. */
import type { JsonObject } from '../kernel/canonical-json.ts';
import type { ApiClient } from './client.ts';
import type { Io } from './output.ts';

export const deliveryStates = ['queued', 'sent', 'delivered', 'failed', 'skipped'] as const;
export type Counts = Record<(typeof deliveryStates)[number], number>;

const everyMs = 1_000;
const barCells = 30;

/** The notification once it is over: nobody waits for a delivery, and none is queued. */
export async function followNotification(
  api: ApiClient,
  path: string,
  show: (progress: JsonObject) => void,
): Promise<JsonObject> {
  for (;;) {
    const progress = await api.object('GET', path);
    show(progress);
    if (Number(progress.waiting) === 0 && countsOf(progress).queued === 0) return progress;
    await pause(everyMs);
  }
}

/** How often what is followed is asked for. */
export async function pause(ms: number = everyMs): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** Shows progress in place on a terminal; elsewhere a line each time that something changed. */
export function progressView({ stdout }: Pick<Io, 'stdout'>): {
  show(progress: JsonObject): void;
  end(): void;
} {
  const inPlace = stdout.isTTY === true;
  let last = '';
  return {
    show(progress) {
      const line = inPlace ? `${bar(progress)} ${progressLine(progress)}` : progressLine(progress);
      if (line === last) return;
      last = line;
      // Erases what is left of a longer line (ECMA-48, EL).
      stdout.write(inPlace ? `\r${line}\u001b[K` : `${line}\n`);
    },
    end() {
      if (inPlace && last !== '') stdout.write('\n');
    },
  };
}

/** `[##########--------------------]` */
function bar(progress: JsonObject): string {
  const { ended, total } = sumsOf(progress);
  const full = total === 0 ? barCells : Math.floor((barCells * ended) / total);
  return `[${'#'.repeat(full)}${'-'.repeat(barCells - full)}]`;
}

/** `2,345 of 5,000: sent 2,300, failed 3, skipped 42` */
export function progressLine(progress: JsonObject): string {
  const { ended, total } = sumsOf(progress);
  const counts = countsOf(progress);
  const parts = deliveryStates
    .filter((status) => status !== 'queued' && counts[status] > 0)
    .map((status) => `${status} ${counts[status].toLocaleString('en')}`);
  const sum = `${ended.toLocaleString('en')} of ${total.toLocaleString('en')}`;
  return parts.length === 0 ? sum : `${sum}: ${parts.join(', ')}`;
}

/** Recipients without a delivery yet count as one each. */
function sumsOf(progress: JsonObject): { ended: number; total: number } {
  const counts = countsOf(progress);
  const made = deliveryStates.reduce((sum, status) => sum + counts[status], 0);
  return { ended: made - counts.queued, total: made + Number(progress.waiting ?? 0) };
}

/** Deliveries by status; absent ones are none. */
export function countsOf(progress: JsonObject): Counts {
  const counts = (progress.counts ?? {}) as JsonObject;
  return Object.fromEntries(
    deliveryStates.map((status) => [status, Number(counts[status] ?? 0)] as const),
  ) as Counts;
}
