/** `npm run bench -- [name…]`: runs the comparative benchmarks, prints their table and writes the results file. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchInbound } from './inbound.ts';
import { type TenantCount, tenantCounts } from './inbound-platform.ts';
import { formatTable, type Measurement, toRow, writeResults } from './measure.ts';
import { benchNotifier, notifierParts } from './notifier/notifier.ts';
import { inboundPlatforms } from './platforms.ts';

export interface BenchOptions {
  rounds: number;
  /** Length of one measured round. */
  seconds: number;
  /** Tenant counts to measure. */
  tenants: readonly TenantCount[];
  /** Ids of the platforms to measure. */
  platforms: readonly string[];
  /** Parts of the notifier's benchmark. */
  parts: readonly string[];
  /** Deliveries of the long history that the notifier's benchmark makes. */
  rows: number;
  /** Count statements and write the server's CPU profile into this folder; the figures are then a little worse. */
  profileInto: string | null;
  note: (line: string) => void;
}

const benches: Record<string, (options: BenchOptions) => Promise<Measurement[]>> = {
  inbound: benchInbound,
  notifier: benchNotifier,
};
const platformIds = inboundPlatforms.map(({ id }) => id);
const resultsFile = join(import.meta.dirname, 'results.json');

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '7' },
      seconds: { type: 'string', default: '5' },
      tenants: { type: 'string', default: tenantCounts.join(',') },
      platform: { type: 'string', default: platformIds.join(',') },
      part: { type: 'string', default: notifierParts.join(',') },
      rows: { type: 'string', default: '10000000' },
      profile: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
    },
  });
  const unknown = positionals.filter((name) => !(name in benches));
  if (unknown.length > 0) {
    console.error(`No such benchmark: ${unknown.join(', ')}. There are: ${Object.keys(benches).join(', ')}.`);
    process.exitCode = 2;
    return;
  }
  const options: BenchOptions = {
    rounds: positive(values.rounds, 'rounds'),
    seconds: positive(values.seconds, 'seconds'),
    tenants: chosen(values.tenants, tenantCounts, 'tenants'),
    platforms: chosen(values.platform, platformIds, 'platform'),
    parts: chosen(values.part, notifierParts, 'part'),
    rows: positive(values.rows, 'rows'),
    profileInto: values.profile ?? null,
    note: (line) => console.error(line),
  };
  const rows = [];
  for (const [name, run] of Object.entries(benches)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    rows.push(...(await run(options)).map(toRow));
  }
  console.log(formatTable(rows));
  if (!values['dry-run'] && options.profileInto === null) await writeResults(resultsFile, rows);
}

/** Those of a comma-separated list. @throws RangeError for what there is not */
function chosen<T extends string | number>(text: string, all: readonly T[], name: string): T[] {
  const wanted = text.split(',');
  if (!wanted.every((one) => all.some((known) => String(known) === one))) {
    throw new RangeError(`--${name} is a list of: ${all.join(', ')}`);
  }
  return all.filter((known) => wanted.includes(String(known)));
}

function positive(text: string, name: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new RangeError(`--${name} must be a positive number`);
  return value;
}

await main();
