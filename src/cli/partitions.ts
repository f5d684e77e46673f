/** `partitions`: the monthly partitions of deliveries, made and dropped by hand; the server does both by itself. */
import type { Command } from 'commander';
import { readConfig } from '../config.ts';
import { type CliContext, runs } from './command.ts';
import { type Output, usageError } from './output.ts';

interface DropFlags extends Record<string, unknown> {
  before?: string;
  dryRun?: boolean;
}

export function addPartitionsCommands(program: Command, context: CliContext): void {
  const partitions = program
    .command('partitions')
    .description('monthly partitions of deliveries, on the database itself');
  const ensure = partitions
    .command('ensure')
    .description('make the partitions of three months ahead; safe to repeat and to race')
    .option('--dry-run', 'only say what is missing');
  runs<{ dryRun?: boolean }>(ensure, context, (flags) => ensureNow(context, flags.dryRun === true));
  const drop = partitions
    .command('drop')
    .description('drop months past their retention, and erase the rows of the same age')
    .option('--before <month>', 'the first month that stays, e.g. 2026-08 (default: by the retention days)')
    .option('--dry-run', 'only say which partitions would go');
  runs<DropFlags>(drop, context, (flags) => dropNow(context, flags));
}

async function ensureNow({ io }: CliContext, dryRun: boolean): Promise<Output> {
  const { withLocalDatabase } = await import('./local-database.ts');
  const { ensurePartitions, missingPartitions, rowsOf, withOwnerSession } = await import(
    '../infra/partitions.ts'
  );
  const names = await withLocalDatabase(io, ({ ownerUrl }) =>
    withOwnerSession(ownerUrl, async (owner) => {
      if (!dryRun) return await ensurePartitions(owner, new Date());
      return (await missingPartitions(rowsOf(owner), new Date())).map(({ name }) => name);
    }),
  );
  if (names.length === 0) return { json: { dry_run: dryRun, made: [] }, text: 'No partition is missing.' };
  const heading = dryRun ? 'These partitions are missing:' : 'Made:';
  return { json: { dry_run: dryRun, made: names }, text: listed(heading, names) };
}

async function dropNow({ io }: CliContext, { before, dryRun = false }: DropFlags): Promise<Output> {
  const { withLocalDatabase } = await import('./local-database.ts');
  const { withOwnerSession } = await import('../infra/partitions.ts');
  const { dropOldPartitions, retentionCutoff } = await import('../notify/keep-partitions.ts');
  const { eraseNotificationRows } = await import('../notify/erase-notifications.ts');
  const { tenantIds } = await import('../tenants/tenant-queries.ts');
  const now = new Date();
  const { DESKBRIDGE_DELIVERY_RETENTION_DAYS } = io.env;
  const { deliveryRetentionDays } = readConfig({ DESKBRIDGE_DELIVERY_RETENTION_DAYS });
  const cutoff = before === undefined ? retentionCutoff(now, deliveryRetentionDays) : parseMonth(before, now);
  return await withLocalDatabase(io, async ({ ownerUrl, database }) => {
    const { dropped, kept } = await withOwnerSession(ownerUrl, (owner) =>
      dropOldPartitions(owner, cutoff, { dryRun }),
    );
    const erasure = { database, tenantIds: () => tenantIds(database.directory) };
    const erased = dryRun ? null : await eraseNotificationRows(erasure, cutoff);
    const month = cutoff.toISOString().slice(0, 7);
    const lines = [
      dropped.length === 0
        ? `No partition lies before ${month} and may go.`
        : listed(dryRun ? 'These would be dropped:' : 'Dropped:', dropped),
    ];
    const waiting = kept.filter(({ queued }) => queued > 0);
    if (waiting.length > 0) {
      const names = waiting.map(({ name, queued }) => `${name} (${queued} queued)`);
      lines.push(
        listed('Kept, with their attempts, until what is queued in them is sent or cancelled:', names),
      );
    }
    if (erased !== null) {
      const { notifications, requests, attemptKeys } = erased;
      lines.push(
        `Rows erased: ${notifications} notifications, ${requests} keys of callers, ${attemptKeys} keys of attempts.`,
      );
    }
    const rows =
      erased === null
        ? null
        : {
            notifications: erased.notifications,
            notification_requests: erased.requests,
            delivery_idempotency: erased.attemptKeys,
          };
    const json = {
      dry_run: dryRun,
      before: month,
      dropped,
      kept: kept.map(({ name, queued }) => ({ name, queued })),
      erased: rows,
    };
    return { json, text: lines.join('\n') };
  });
}

/** The current month and what comes after it are never dropped. @throws CliError for anything else than a past month */
function parseMonth(text: string, now: Date): Date {
  const [, year, month] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(text) ?? [];
  if (year === undefined || month === undefined) {
    throw usageError('--before takes a month', 'For example --before 2026-08');
  }
  const start = new Date(Date.UTC(Number(year), Number(month) - 1, 1));
  const current = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));
  if (start > current) {
    throw usageError(
      '--before takes the current month or an earlier one',
      'The current month and those to come are in use.',
    );
  }
  return start;
}

function listed(heading: string, names: readonly string[]): string {
  return `${heading}\n${names.map((name) => `  ${name}`).join('\n')}`;
}
