/** `audit`: what was done, and the proof that the record of it is whole. */
import { type Command, Option } from 'commander';
import type { ChainVerification } from '../audit/verify-chain.ts';
import type { JsonObject } from '../kernel/canonical-json.ts';
import { isUuid } from '../kernel/ids.ts';
import { ApiClient, findServer, tenantPath } from './client.ts';
import {
  type CliContext,
  calls,
  type InTenant,
  type Limited,
  limitOption,
  runs,
  tenantOption,
} from './command.ts';
import {
  CliError,
  type Column,
  field,
  type Io,
  type Output,
  show,
  table,
  time,
  usageError,
} from './output.ts';

const columns: Column[] = [
  field('SEQ', 'seq'),
  time('TIME', 'created_at'),
  field('ACTION', 'action'),
  field('SURFACE', 'surface'),
  ['ACTOR', actor],
  ['TARGET', (row) => (row.target_kind === null ? '-' : `${show(row.target_kind)} ${show(row.target_id)}`)],
  [
    'RESULT',
    (row) =>
      [row.result, row.error_code]
        .filter((part) => part !== null)
        .map(show)
        .join(' '),
  ],
  ['PAYLOAD HASH', (row) => shortHash(row.payload_hash)],
];

const faults: Record<string, string> = {
  altered: 'was altered',
  missing: 'is missing',
  reordered: 'does not follow the row before it',
  unknown_key: 'is sealed under a key that is not there',
  tail_cut: 'and what followed it were cut off',
  head_altered: 'is the last, but the head of the chain says otherwise',
};

interface Filter extends InTenant, Limited {
  action?: string;
  actor?: string;
  result?: string;
  targetKind?: string;
  targetId?: string;
  since?: string;
  until?: string;
}

export function addAuditCommands(program: Command, context: CliContext): void {
  const audit = program.command('audit').description('the audit of a tenant');
  calls<Filter>(
    limitOption(tenantOption(audit.command('list').description('list events, newest first')))
      .option('--action <id>', 'of this action')
      .option('--actor <id>', 'by this user, key or operator')
      .addOption(new Option('--result <result>').choices(['success', 'failure', 'denied', 'unknown']))
      .option('--target-kind <kind>', 'e.g. ticket')
      .option('--target-id <id>')
      .option('--since <time>', 'from this time on, e.g. 2026-11-21T09:00')
      .option('--until <time>', 'before this time'),
    context,
    async (api, { tenant, limit, targetKind, targetId, since, until, ...filter }) => {
      const listed = await api.list(tenantPath(tenant, 'audit-events'), limit, {
        action: filter.action,
        actor: filter.actor,
        result: filter.result,
        target_kind: targetKind,
        target_id: targetId,
        since: instant(since),
        until: instant(until),
      });
      return { json: { ...listed }, text: table(columns, listed.items, 'No audit event.') };
    },
  );
  runs<InTenant & { offline?: boolean }>(
    tenantOption(
      audit
        .command('verify')
        .description('verify the whole chain; exit code 1 when a row is altered, missing or out of order')
        .option('--offline', 'read the database itself instead of asking the server'),
    ),
    context,
    async ({ tenant, offline }) => {
      const json =
        offline === true ? await verifyOffline(context.io, tenant) : await verify(context.io, tenant);
      return verification(json);
    },
  );
}

async function verify(io: Io, tenant: string): Promise<JsonObject> {
  const api = new ApiClient(await findServer(io.env));
  return await api.object('GET', tenantPath(tenant, 'audit-events', 'verification'));
}

/** With no server in between: whoever doubts it can check the database with the keys alone. */
async function verifyOffline(io: Io, tenant: string): Promise<JsonObject> {
  const { readSecretBox, withLocalDatabase } = await import('./local-database.ts');
  const { verifyChain } = await import('../audit/verify-chain.ts');
  const { findTenant } = await import('../tenants/tenant-store.ts');
  const { auditKeys } = await readSecretBox(io.env);
  const result = await withLocalDatabase(io, async ({ database }) => {
    const found = await findTenant(database.directory, isUuid(tenant) ? { id: tenant } : { slug: tenant });
    if (found === null) throw new CliError({ title: `There is no tenant "${tenant}"`, code: 'not_found' });
    return await database.inTenant(found.tenant_id, (tx) => verifyChain(tx, auditKeys));
  });
  return present(result);
}

function present({ valid, checked, lastSeq, fault }: ChainVerification): JsonObject {
  return {
    valid,
    checked,
    last_seq: lastSeq,
    fault: fault === null ? null : { kind: fault.kind, seq: fault.seq, event_id: fault.eventId },
  };
}

function verification(json: JsonObject): Output {
  if (json.valid === true) {
    return { json, text: `The chain is whole: ${show(json.checked)} rows verified.` };
  }
  const fault = (json.fault ?? {}) as JsonObject;
  const what = faults[show(fault.kind)] ?? show(fault.kind);
  const event = fault.event_id === null ? '' : ` (event ${show(fault.event_id)})`;
  const text = `The chain is broken: row ${show(fault.seq)}${event} ${what}. The rows up to ${show(json.last_seq)} are good.`;
  return { json, text, exitCode: 1 };
}

/** Kind and id, or the kind alone where it says everything. */
function actor(row: JsonObject): string {
  const kind = show(row.actor_kind);
  const id = show(row.actor_user_id ?? row.actor_id ?? row.platform_user_id);
  return id === kind || id === '-' ? kind : `${kind} ${id}`;
}

/** The first digits of a hash, which tell rows apart. */
export function shortHash(hash: unknown): string {
  return typeof hash === 'string' && hash !== '' ? `${hash.slice(0, 8)}…` : '-';
}

/** A time as people type it, local without an offset, as an instant. @throws CliError (usage) */
export function instant(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  // A date alone would otherwise be read as midnight in UTC.
  const date = new Date(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00` : text);
  if (Number.isNaN(date.getTime())) throw usageError(`${text} is not a time`, 'For example 2026-11-21T09:00');
  return date.toISOString();
}
