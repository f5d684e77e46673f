/** What follows the kills of the notifier: two servers at once, a zombie, a database that goes away, and Lark's two hundred. */
import { runDatabaseFaults } from './notifier-kill-database.ts';
import { larkText, runLark } from './notifier-kill-lark.ts';
import { spread, table } from './notifier-kill-report.ts';
import { runTwoWorkers } from './notifier-kill-workers.ts';
import { violationLines } from './report.ts';
import type { Violation } from './violation.ts';

export interface SuiteOptions {
  platform: string;
  seed: number;
  /** Removed with the run. */
  folder: string;
  onDatabase<T>(use: (at: { ownerUrl: string; folder: string }) => Promise<T>): Promise<T>;
}

const zombieRounds = 6;
const stallRounds = 2;
const stallMs = 30_000;
const skewMs = 420_000;
const databaseRounds = 3;
const outOfReachMs = 60_000;

/** Runs them at their full length and prints their figures. @returns the exit code: 0 all invariants hold */
export async function runNotifierSuite(options: SuiteOptions): Promise<number> {
  const { platform, seed, folder, onDatabase } = options;
  const violations: Violation[] = [];
  if (platform === 'lark') {
    const result = await onDatabase((at) => runLark({ ...at, seed }));
    violations.push(...result.violations);
    print('200 to Lark, killed three times', larkText(result));
  }
  const workers = await onDatabase((at) => runTwoWorkers({ ...at, platform, seed, rounds: zombieRounds }));
  violations.push(...workers.violations);
  print('two servers, one stands still past its lease', workersText(workers));
  const stalled = await onDatabase((at) =>
    runTwoWorkers({ ...at, platform, seed, rounds: stallRounds, stallMs }),
  );
  violations.push(...stalled.violations);
  print(`two servers, the event loop of one blocked for ${stallMs / 1_000} s`, workersText(stalled));
  const skewed = await onDatabase((at) => runTwoWorkers({ ...at, platform, seed, rounds: 2, skewMs }));
  violations.push(...skewed.violations);
  print(`two servers, clocks ${(2 * skewMs) / 60_000} minutes apart`, workersText(skewed));
  const database = await runDatabaseFaults({ platform, folder, seed, rounds: databaseRounds, outOfReachMs });
  violations.push(...database.violations);
  print('the database goes away', databaseText(database));
  console.log(violationLines(violations).join('\n'));
  return violations.length === 0 ? 0 : 1;
}

function print(title: string, text: string): void {
  console.log(`\n${title}\n${text}`);
}

function workersText(result: Awaited<ReturnType<typeof runTwoWorkers>>): string {
  return table([
    ['servers that had lanes at once', result.owners],
    ['stood still past the lease', result.frozen.length],
    ['  with an intent and no outcome', spread(result.frozen)],
    ['  until the other had its lanes, ms', spread(result.takeOverMs)],
    ['highest epoch', result.epochs],
    ['deliveries', result.deliveries],
    ['visible', result.visible],
    ['doubled', result.doubled],
    ['failed/outcome_unknown', result.held],
    ['violations', result.violations.length],
  ]);
}

function databaseText({ absences, ...result }: Awaited<ReturnType<typeof runDatabaseFaults>>): string {
  const lines = absences.map(({ fault, onTheWire, backMs }): [string, string] => [
    fault,
    `${onTheWire} on the wire; ${backMs === null ? 'not back' : `sends ${Math.round(backMs)} ms after its return`}`,
  ]);
  return table([
    ...lines,
    ['deliveries', result.deliveries],
    ['visible', result.visible],
    ['doubled', result.doubled],
    ['failed/outcome_unknown', result.held],
    ['violations', result.violations.length],
  ]);
}
