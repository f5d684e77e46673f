/** The figures of the notifier's trials as text, and what was found wrong. */

import type { NotifierTrialResult } from './notifier-kill-trials.ts';
import { violationLines } from './report.ts';

export interface NotifierRunFacts {
  platform: string;
  seed: number;
  workers: number;
  seconds: number;
}

export function notifierKillText(results: readonly NotifierTrialResult[], run: NotifierRunFacts): string {
  const sum = (of: (result: NotifierTrialResult) => number) =>
    results.reduce((total, result) => total + of(result), 0);
  const violations = results.flatMap((result) => result.violations);
  const caught = results.flatMap((result) => result.caught);
  const count = (name: string) => violations.filter(({ invariant }) => invariant === name).length;
  return table([
    ['platform', run.platform],
    ['seed', run.seed],
    ['workers', run.workers],
    ['duration', `${run.seconds.toFixed(1)} s`],
    ['trials (SIGKILLs)', sum((result) => result.trials)],
    ['  deliveries unfinished at each', spread(caught.map(({ unfinished }) => unfinished))],
    ['  of them with an intent and no outcome', spread(caught.map(({ onTheWire }) => onTheWire))],
    ['  of them visible already', spread(caught.map(({ visible }) => visible))],
    ['start to the next visible message, ms', spread(results.flatMap((result) => result.backMs))],
    ['notifications', sum((result) => result.notifications)],
    ['requests repeated with their key', sum((result) => result.repeatedRequests)],
    ['deliveries', sum((result) => result.deliveries)],
    ...statuses(results),
    ['visible', sum((result) => result.visible)],
    ['until the last was over', results.map(({ drainMs }) => `${(drainMs / 1_000).toFixed(1)} s`).join(', ')],
    ['lost', count('lost delivery')],
    ['doubled', count('doubled delivery')],
    ['false sent', count('false sent')],
    ['all violations', violations.length],
  ]).concat(errorLines(results), ['', ...violationLines(violations)].join('\n'));
}

/** Lines of a name and a value, in columns. */
export function table(lines: readonly (readonly [string, string | number])[]): string {
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

/** `min 1, median 2, max 3`. */
export function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
  return sorted.length === 0 ? 'none' : `min ${at(0)}, median ${at(0.5)}, p95 ${at(0.95)}, max ${at(1)}`;
}

function statuses(results: readonly NotifierTrialResult[]): [string, number][] {
  const totals = new Map<string, number>();
  for (const { byStatus } of results) {
    for (const [name, count] of Object.entries(byStatus)) totals.set(name, (totals.get(name) ?? 0) + count);
  }
  return [...totals].sort().map(([name, count]) => [`  ${name}`, count]);
}

function errorLines(results: readonly NotifierTrialResult[]): string {
  const all = results.flatMap(({ errors }) => Object.entries(errors));
  if (all.length === 0) return '';
  return ['\n\nERROR lines of the servers:', ...all.map(([text, n]) => `  ${n} × ${text}`)].join('\n');
}
