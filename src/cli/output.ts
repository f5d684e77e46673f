/** How commands speak: tables and facts for people, JSON for programs, problems on standard error. */
import { cellsOf, padCells } from '../demo/terminal-text.ts';
import type { JsonObject, JsonValue } from '../kernel/canonical-json.ts';
import { cleanLine } from '../kernel/plain-text.ts';

/** Where a command reads and writes; the process's own outside tests. */
export interface Io {
  env: Record<string, string | undefined>;
  stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  stdout: NodeJS.WritableStream & { isTTY?: boolean };
  stderr: NodeJS.WritableStream;
}

/** What a command found or did: both forms of it, of which one is printed. */
export interface Output {
  json: JsonValue;
  text: string;
  /** 1 when the command worked and its finding is bad, e.g. a broken chain; 0 by default. */
  exitCode?: 0 | 1;
}

/** The fields of a problem (RFC 9457) that a person is shown; the server's own, or made here. */
export interface CliProblem {
  title: string;
  code: string;
  status?: number;
  detail?: string;
  remedy?: string;
  errors?: { path: string; message: string }[];
}

/** A refusal or failure that is told to the person; everything else that is thrown is a defect. */
export class CliError extends Error {
  /** As it is printed with `--json`: the server's document whole, where it came from the server. */
  readonly problem: CliProblem & JsonObject;
  readonly exitCode: 1 | 2;

  /** @param exitCode 1: refused or failed; 2: called wrongly */
  constructor(problem: CliProblem, exitCode: 1 | 2 = 1) {
    super(problem.title);
    this.name = 'CliError';
    this.problem = problem as CliProblem & JsonObject;
    this.exitCode = exitCode;
  }
}

/** The call itself is wrong. */
export function usageError(title: string, remedy?: string): CliError {
  return new CliError({ title, code: 'usage', ...(remedy === undefined ? {} : { remedy }) }, 2);
}

/** Title and detail on one line, each refused field on its own, then what can be done. */
export function problemText(problem: CliProblem): string {
  const title = cleanLine(problem.title).replace(/\.$/, '');
  const detail = cleanLine(problem.detail ?? '');
  const fields = (problem.errors ?? []).map(({ path, message }) => `  ${cleanLine(`${path}: ${message}`)}`);
  const remedy = cleanLine(problem.remedy ?? '');
  const lines = [detail === '' ? `${title}.` : `${title}: ${detail}`, ...fields, remedy];
  return lines.filter((line) => line !== '').join('\n');
}

/** A column of a table: its heading and what stands in it. */
export type Column = [heading: string, cell: (row: JsonObject) => string];

/** Rows under headings, aligned; `none` stands for an empty list. */
export function table(columns: readonly Column[], rows: readonly JsonObject[], none: string): string {
  if (rows.length === 0) return none;
  const lines = [
    columns.map(([heading]) => heading),
    ...rows.map((row) => columns.map(([, cell]) => cell(row))),
  ];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => cellsOf(line[index] ?? ''))));
  return lines
    .map((line) =>
      line
        .map((cell, index) => padCells(cell, widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Labels and values under one another. */
export function facts(entries: readonly (readonly [label: string, value: string])[]): string {
  const widest = Math.max(...entries.map(([label]) => cellsOf(label)));
  return entries.map(([label, value]) => `${padCells(label, widest)}  ${value}`.trimEnd()).join('\n');
}

/** A field as one harmless line: texts of the server were typed by people. Lists are joined, nothing is `-`. */
export function show(value: JsonValue | undefined): string {
  if (value === null || value === undefined || value === '') return '-';
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(show).join(', ');
  return cleanLine(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

/** A column that shows one field as it is. */
export function field(heading: string, name: string): Column {
  return [heading, (row) => show(row[name])];
}

/** A column that shows an instant in local time. */
export function time(heading: string, name: string): Column {
  return [heading, (row) => localTime(row[name])];
}

/** An RFC 3339 instant in local time, to the minute: `2026-11-21 09:15`. */
export function localTime(value: JsonValue | undefined): string {
  const date = new Date(typeof value === 'string' ? value : Number.NaN);
  if (Number.isNaN(date.getTime())) return show(value);
  const two = (part: number) => String(part).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
