/** What every command shares: `--json`, the server that it calls, and how its outcome is printed. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { JsonValue } from '../kernel/canonical-json.ts';
import { ApiClient, findServer } from './client.ts';
import type { Io, Output } from './output.ts';

/** What a command is given. */
export interface CliContext {
  io: Io;
  /** Set by a command that worked and found something bad. */
  exitCode: number;
}

type Values = Record<string, unknown>;

/**
 * Gives a command its `--json` and its work.
 * @param work gets the arguments and options as commander parsed them
 */
export function runs<Options extends Values>(
  command: Command,
  context: CliContext,
  work: (options: Options, args: string[]) => Promise<Output>,
): Command {
  return jsonOption(command).action(async () => {
    const options = command.opts<Options & { json?: boolean }>();
    const output = await work(options, command.args);
    const text = options.json === true ? JSON.stringify(output.json, null, 2) : output.text;
    context.io.stdout.write(`${text}\n`);
    context.exitCode = output.exitCode ?? 0;
  });
}

/** The same for a command that calls the running server. */
export function calls<Options extends Values>(
  command: Command,
  context: CliContext,
  work: (api: ApiClient, options: Options, args: string[]) => Promise<Output>,
): Command {
  return runs<Options>(command, context, async (options, args) => {
    const api = new ApiClient(await findServer(context.io.env));
    return await work(api, options, args);
  });
}

export function jsonOption(command: Command): Command {
  return command.option('--json', 'print JSON, also for problems');
}

/** The tenant that most commands work in. */
export function tenantOption(command: Command): Command {
  return command.requiredOption('-t, --tenant <tenant>', 'id or slug of the tenant');
}

/** How many items of a list are printed. */
export function limitOption(command: Command): Command {
  const limit = new Option('--limit <count>', 'how many to list').argParser(parseCount).default(50);
  return command.addOption(limit);
}

/** The `--limit` of {@link limitOption}. */
export interface Limited extends Values {
  limit: number;
}

/** The `--tenant` of {@link tenantOption}. */
export interface InTenant extends Values {
  tenant: string;
}

/** Collects the values of an option that may be repeated. */
export function repeatable(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

/** A value that was typed: JSON where it reads as JSON, else the text itself. */
export function parseLoosely(text: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 100_000) {
    throw new InvalidArgumentError('It must be a whole number from 1 to 100000.');
  }
  return count;
}
