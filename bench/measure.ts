/** What is measured and how it is told: medians over rounds, ratios, the table and the results file. */
import { readFile, writeFile } from 'node:fs/promises';

/** A figure of one benchmark, measured in several rounds on both sides. */
export interface Measurement {
  bench: string;
  subject: string;
  peer: string;
  unit: string;
  /** A rate is better when it is higher, a cost when it is lower. */
  better: 'higher' | 'lower';
  /** One value a round; the same index is the same round. */
  subjectRounds: readonly number[];
  peerRounds: readonly number[];
  /** The ratio that is aimed at. */
  goal: number;
}

/** A row of the results file. */
export interface ResultRow {
  bench: string;
  subject: string;
  peer: string;
  unit: string;
  /** Medians over the rounds. */
  subject_value: number;
  peer_value: number;
  /** Of the medians; above 1 the subject is better, whatever the unit. */
  ratio: number;
  /** The lowest and the highest ratio of a single round. */
  ratio_low: number;
  ratio_high: number;
  goal: number;
}

/** Middle value; the mean of the two middle ones for an even count. @throws RangeError for an empty list */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  if (upper === undefined || lower === undefined) throw new RangeError('no values');
  return (lower + upper) / 2;
}

/** @throws RangeError when the sides have no rounds or not the same number of them */
export function toRow(measurement: Measurement): ResultRow {
  const { bench, subject, peer, unit, better, subjectRounds, peerRounds, goal } = measurement;
  if (subjectRounds.length !== peerRounds.length) throw new RangeError('the sides differ in rounds');
  const ratioOf = (ours: number, theirs: number) => (better === 'higher' ? ours / theirs : theirs / ours);
  const ratios = subjectRounds.map((ours, round) => ratioOf(ours, peerRounds[round] ?? Number.NaN));
  const subjectValue = median(subjectRounds);
  const peerValue = median(peerRounds);
  return {
    bench,
    subject,
    peer,
    unit,
    subject_value: rounded(subjectValue),
    peer_value: rounded(peerValue),
    ratio: rounded(ratioOf(subjectValue, peerValue)),
    ratio_low: rounded(Math.min(...ratios)),
    ratio_high: rounded(Math.max(...ratios)),
    goal,
  };
}

/** Three significant digits: more would claim a precision that no run has. */
function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

/** The rows as a table for a terminal. */
export function formatTable(rows: readonly ResultRow[]): string {
  const header = ['bench', 'beside', 'unit', 'subject', 'peer', 'ratio', '(rounds)', 'goal', ''];
  const lines = rows.map((row) => [
    row.bench,
    row.peer,
    row.unit,
    String(row.subject_value),
    String(row.peer_value),
    row.ratio.toFixed(2),
    `(${row.ratio_low.toFixed(2)}–${row.ratio_high.toFixed(2)})`,
    row.goal.toFixed(2),
    row.ratio >= row.goal ? 'met' : 'missed',
  ]);
  const widths = header.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  return [header, ...lines]
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Writes the rows in the place of the same ones of an earlier run, and keeps the others. */
export async function writeResults(file: string, rows: readonly ResultRow[]): Promise<void> {
  const merged = mergeRows(await readResults(file), rows);
  await writeFile(file, `${JSON.stringify(merged, null, 2)}\n`);
}

/** The new rows among the old ones that were not measured again, by name. A row is a bench with a peer. */
export function mergeRows(old: readonly ResultRow[], rows: readonly ResultRow[]): ResultRow[] {
  const ran = new Set(rows.map(nameOf));
  const merged = [...old.filter((row) => !ran.has(nameOf(row))), ...rows];
  return merged.sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
}

async function readResults(file: string): Promise<ResultRow[]> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as ResultRow[];
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

function nameOf({ bench, peer }: ResultRow): string {
  return `${bench} ${peer}`;
}
