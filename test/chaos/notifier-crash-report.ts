/** The figures of the notifier's crashes as one table, a column each platform, and what was found wrong. */
import { crashPoints } from './notifier-life.ts';
import type { CrashResult } from './notifier-round.ts';
import { wireFaults } from './notifier-wire.ts';

const shownViolations = 20;

export function crashText(results: readonly CrashResult[]): string {
  const row = (name: string, of: (result: CrashResult) => string | number) => ({
    name,
    cells: results.map((result) => String(of(result))),
  });
  const rows = [
    row('platform', ({ platform }) => platform),
    row('seed', ({ seed }) => seed),
    row('crashes', ({ crashes }) => crashes),
    ...crashPoints.map((point) => row(`  ${point}`, ({ byPoint }) => byPoint[point])),
    row('stood still and came back', ({ standstills }) => standstills),
    row('faults of the wire', ({ faults }) => Object.values(faults).reduce((sum, count) => sum + count, 0)),
    ...wireFaults.map((fault) => row(`  ${fault}`, ({ faults }) => faults[fault])),
    row('unfinished at a crash, least', ({ leastUnfinished }) => leastUnfinished),
    row('on the wire at crashes', ({ inFlight }) => inFlight.total),
    row('  at one crash, most', ({ inFlight }) => inFlight.most),
    row('a lane works again after, ms', ({ slowestRecoveryMs }) => slowestRecoveryMs),
    row('deliveries', ({ deliveries }) => deliveries),
    row('  sent or delivered', ({ delivered }) => delivered),
    row('  failed/outcome_unknown', ({ unknown }) => unknown),
    row('surplus copies (allowed without proof)', ({ surplus }) => surplus),
    row('look-ups, withdrawals too fast', ({ forgottenThrottled }) => forgottenThrottled),
    row('simulated hours', ({ simulatedMs }) => (simulatedMs / 3_600_000).toFixed(1)),
    row('seconds', ({ seconds }) => seconds.toFixed(1)),
    row('violations', ({ violations }) => violations.length),
  ];
  const width = Math.max(...rows.map(({ name }) => name.length));
  const lines = rows.map(({ name, cells }) =>
    [name.padEnd(width), ...cells.map((cell) => cell.padStart(12))].join(' '),
  );
  return [...lines, ...violationLines(results)].join('\n');
}

function violationLines(results: readonly CrashResult[]): string[] {
  const all = results.flatMap(({ violations }) => violations);
  const shown = all.slice(0, shownViolations).map(({ what, detail }) => `  ${what}: ${detail}`);
  const rest = all.length - shown.length;
  if (all.length === 0) return ['everything holds'];
  return ['VIOLATIONS:', ...shown, ...(rest > 0 ? [`  and ${rest} more`] : [])];
}
