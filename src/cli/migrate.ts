/** `migrate`: brings the database to this program's schema. */
import type { Command } from 'commander';
import { type CliContext, runs } from './command.ts';

export function addMigrateCommand(program: Command, context: CliContext): void {
  const command = program
    .command('migrate')
    .description('bring the database to the schema of this version; safe to repeat and to race');
  runs(command, context, async () => {
    const { withLocalDatabase } = await import('./local-database.ts');
    const { migrate } = await import('../infra/migrate.ts');
    const applied = await withLocalDatabase(context.io, ({ ownerUrl, log }) => migrate({ ownerUrl, log }));
    const text =
      applied.length === 0
        ? 'The schema is up to date.'
        : `The schema is up to date; ${applied.length} migrated now:\n${applied.map((name) => `  ${name}`).join('\n')}`;
    return { json: { applied }, text };
  });
}
