/** The commands under one program: parsing, and from every outcome to words and an exit code. */
import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config.ts';
import { DeskbridgeError, errorTable } from '../kernel/errors.ts';
import { addActionCommands } from './action.ts';
import { addAuditCommands } from './audit.ts';
import { addChatCommand } from './chat.ts';
import type { CliContext } from './command.ts';
import { addDeliveryCommands } from './deliveries.ts';
import { addGroupCommands } from './group.ts';
import { addKeyCommands } from './key.ts';
import { addLinkCommands } from './link.ts';
import { addMigrateCommand } from './migrate.ts';
import { addNotifyCommand } from './notify.ts';
import { CliError, type Io, problemText, usageError } from './output.ts';
import { addPartitionsCommands } from './partitions.ts';
import { addRegistrationCommands } from './registration.ts';
import { addSecretsCommands } from './secrets.ts';
import { addSettingsCommands } from './settings.ts';
import { addTenantCommands } from './tenant.ts';
import { addUserCommands } from './user.ts';

const helpText = `
Commands call the running server:
  DESKBRIDGE_URL    where it is (default: http://HOST:PORT, that is http://127.0.0.1:3978)
  DESKBRIDGE_TOKEN  the token of an operator or the key of a tenant (default: DESKBRIDGE_ADMIN_TOKEN,
                    else the token file of the data directory)
migrate, partitions, audit verify --offline and secrets rotate use the database itself (DATABASE_URL, else the
embedded one of DESKBRIDGE_DATA_DIR, which they start while none runs).

Exit code: 0 done, 1 refused or failed, 2 called wrongly.`;

const commands = [
  addChatCommand,
  addTenantCommands,
  addUserCommands,
  addGroupCommands,
  addLinkCommands,
  addKeyCommands,
  addRegistrationCommands,
  addSettingsCommands,
  addActionCommands,
  addNotifyCommand,
  addDeliveryCommands,
  addAuditCommands,
  addMigrateCommand,
  addPartitionsCommands,
  addSecretsCommands,
];

/** Runs one command. @returns its exit code: 0, 1 (refused or failed) or 2 (usage) */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  const context: CliContext = { io, exitCode: 0 };
  try {
    await createProgram(context).parseAsync([...args], { from: 'user' });
    return context.exitCode;
  } catch (error) {
    // Help and version were printed already, and end the parsing by an error as well.
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    if (error instanceof CommanderError && error.code === 'commander.help') return 2;
    const { problem, exitCode } = explain(error);
    const json = args.includes('--json');
    io.stderr.write(`${json ? JSON.stringify(problem, null, 2) : problemText(problem)}\n`);
    return exitCode;
  }
}

function createProgram(context: CliContext): Command {
  const { stdout, stderr } = context.io;
  const program = new Command('deskbridge')
    .description('Deskbridge from the command line.')
    .addHelpText('after', helpText)
    .helpCommand(false)
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      outputError: () => undefined,
    })
    .exitOverride();
  for (const add of commands) add(program, context);
  return program;
}

/** What the person is told of anything that was thrown. */
function explain(error: unknown): CliError {
  if (error instanceof CliError) return error;
  if (error instanceof CommanderError) {
    return usageError(error.message.replace(/^error: /, ''), 'Add --help to see what the command takes.');
  }
  if (error instanceof ConfigError) return usageError(error.message);
  if (error instanceof DeskbridgeError) {
    const { title, remedy } = errorTable[error.code];
    return new CliError({ title, code: error.code, detail: error.detail ?? '', remedy });
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new CliError({ title: 'Internal error', code: 'internal', detail });
}
