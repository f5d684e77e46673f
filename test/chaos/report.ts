/** The figures of all workers as one table, and what was found wrong. */
import type { TrialResult } from './kill-trials.ts';
import { phases } from './phases.ts';
import type { Violation } from './violation.ts';

const shownViolations = 20;

export interface RunFacts {
  platform: string;
  seed: number;
  workers: number;
  seconds: number;
}

export function reportText(results: readonly TrialResult[], run: RunFacts): string {
  const sum = (of: (result: TrialResult) => number) =>
    results.reduce((total, result) => total + of(result), 0);
  const violations = results.flatMap((result) => result.violations);
  const count = (...names: Violation['invariant'][]) =>
    violations.filter(({ invariant }) => names.includes(invariant)).length;
  const lines: [string, string | number][] = [
    ['platform', run.platform],
    ['seed', run.seed],
    ['workers', run.workers],
    ['duration', `${run.seconds.toFixed(1)} s`],
    ['trials (SIGKILLs)', sum((result) => result.trials)],
    ['  while it started', sum(({ kills }) => kills.start ?? 0)],
    ['  soon after its first answer', sum(({ kills }) => kills.opening ?? 0)],
    ['  after its first acknowledgement', sum(({ kills }) => kills.work ?? 0)],
    ...phases.map((phase): [string, string] => [
      `  caught ${phase}`,
      `${sum((result) => result.caught[phase])} commands in ${sum((result) => result.killsByPhase[phase])} kills`,
    ]),
    ['start after a kill', startTimes(results.flatMap((result) => result.startMs))],
    ['commands sent', sum((result) => result.commands)],
    ...kinds(results),
    ['commands acknowledged', sum((result) => result.acknowledged)],
    ['requests for a mutation never answered', sum((result) => result.unansweredRequests)],
    ['requests told that nothing was done', sum((result) => result.notDone)],
    ['tries without an answer', sum((result) => result.unanswered)],
    ['messages taken at a redelivery', sum((result) => result.takenLater)],
    ['messages redelivered after that', sum((result) => result.takenAgain)],
    ['repeated presses', sum((result) => result.repeatedPresses)],
    ['platform faults set, outcome certain', sum((result) => result.faults.definite)],
    ['platform faults set, ambiguous', sum((result) => result.faults.ambiguous)],
    ['mutations', sum((result) => result.mutations)],
    ['audit rows', sum((result) => result.auditRows)],
    ['doubled replies (allowed without tokens)', sum((result) => result.doubledReplies)],
    ['late messages and card updates for requests', sum((result) => result.lateConfirmations)],
    ...results.map(({ drain }): [string, string] => [
      'wait for the last reply',
      `${(drain.ms / 1_000).toFixed(1)} s ${drain.last}`,
    ]),
    ['lost acknowledged commands', count('lost command')],
    ['doubled mutations', count('doubled mutation')],
    ['missing replies', count('missing reply', 'unconfirmed answer')],
    ['all violations', violations.length],
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  const table = lines.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  return [...table, ...errorLines(results), ...violationLines(violations)].join('\n');
}

function kinds(results: readonly TrialResult[]): [string, number][] {
  const totals = new Map<string, number>();
  for (const { commandsByKind } of results) {
    for (const [kind, number] of Object.entries(commandsByKind)) {
      totals.set(kind, (totals.get(kind) ?? 0) + number);
    }
  }
  return [...totals].sort(([a], [b]) => a.localeCompare(b)).map(([kind, number]) => [`  ${kind}`, number]);
}

function startTimes(ms: number[]): string {
  const sorted = ms.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
  return `min ${at(0)} ms, median ${at(0.5)} ms, p95 ${at(0.95)} ms, max ${at(1)} ms`;
}

function errorLines(results: readonly TrialResult[]): string[] {
  const all = results.flatMap(({ errors }) => Object.entries(errors));
  return all.length === 0
    ? []
    : ['', 'ERROR lines of the servers:', ...all.map(([text, n]) => `  ${n} × ${text}`)];
}

export function violationLines(violations: readonly Violation[]): string[] {
  if (violations.length === 0) return [];
  const shown = violations
    .slice(0, shownViolations)
    .map(
      ({ invariant, tenant, marker, detail }) => `  ${invariant} · ${tenant} · ${marker ?? '–'} · ${detail}`,
    );
  const rest = violations.length - shown.length;
  return ['', 'VIOLATIONS:', ...shown, ...(rest > 0 ? [`  and ${rest} more`] : [])];
}
