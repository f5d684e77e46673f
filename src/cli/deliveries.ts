/** `deliveries`: what became of what was to be sent, live where wanted, and what can be done about it. */
import { type Command, Option } from 'commander';
import type { JsonObject } from '../kernel/canonical-json.ts';
import { categories, deliveryErrorCodes, deliveryStatuses, skipReasons } from '../notify/records.ts';
import { instant } from './audit.ts';
import { type ApiClient, tenantPath } from './client.ts';
import { type CliContext, calls, type InTenant, type Limited, limitOption, tenantOption } from './command.ts';
import { type Column, facts, field, localTime, type Output, show, table, time } from './output.ts';
import { pause } from './progress.ts';
import { findUserId } from './user.ts';

const columns: Column[] = [
  time('MADE', 'created_at'),
  field('CATEGORY', 'category'),
  ['DESTINATION', destination],
  ['STATUS', state],
  field('ATTEMPTS', 'attempts'),
  field('ID', 'delivery_id'),
];

const attemptColumns: Column[] = [
  field('#', 'attempt'),
  time('TIME', 'at'),
  field('OUTCOME', 'outcome'),
  field('ERROR', 'error_code'),
  field('MESSAGE ID', 'provider_message_id'),
  field('DETAIL', 'detail'),
];

interface Filter extends InTenant, Limited {
  status?: string;
  platform?: string;
  category?: string;
  reason?: string;
  errorCode?: string;
  notification?: string;
  user?: string;
  since?: string;
  until?: string;
  follow?: boolean;
  json?: boolean;
}

export function addDeliveryCommands(program: Command, context: CliContext): void {
  const deliveries = program.command('deliveries').description('what became of what was to be sent');
  calls<Filter>(filterOptions(deliveries.command('list', { isDefault: true })), context, (api, filter) =>
    filter.follow === true ? follow(context, api, filter) : list(api, filter),
  );
  const one = (name: string, description: string) =>
    tenantOption(deliveries.command(name).description(description).argument('<id>', 'id of the delivery'));
  calls<InTenant>(
    one('show', 'show one with everything that was tried'),
    context,
    async (api, { tenant }, [id = '']) =>
      shown(await api.object('GET', tenantPath(tenant, 'deliveries', id))),
  );
  calls<InTenant>(
    one('retry', 'send a failed or skipped one after all'),
    context,
    (api, { tenant }, [id = '']) => change(api, tenant, id, 'retry'),
  );
  calls<InTenant>(
    one('cancel', 'stop one that is not on the wire yet'),
    context,
    (api, { tenant }, [id = '']) => change(api, tenant, id, 'cancel'),
  );
  calls<InTenant & { outcome: string; note?: string }>(
    one('resolve', 'say what became of one of unknown outcome')
      .addOption(
        new Option('--outcome <outcome>', 'what you found out')
          .choices(['sent', 'not_sent'])
          .makeOptionMandatory(),
      )
      .option('--note <text>', 'how you know; kept with the attempts'),
    context,
    (api, { tenant, outcome, note }, [id = '']) =>
      change(api, tenant, id, 'resolve', { outcome, ...(note === undefined ? {} : { note }) }),
  );
}

function filterOptions(command: Command): Command {
  return limitOption(tenantOption(command.description('list them, newest first')))
    .addOption(new Option('--status <status>').choices(deliveryStatuses))
    .option('--platform <platform>', 'e.g. slack')
    .addOption(new Option('--category <category>').choices(categories))
    .addOption(new Option('--reason <reason>', 'why they were skipped').choices(skipReasons))
    .addOption(new Option('--error-code <code>').choices(deliveryErrorCodes))
    .option('--notification <id>', 'of this notification')
    .option('--user <user>', 'to this person (id or e-mail address)')
    .option('--since <time>', 'from this time on, e.g. 2026-11-21T09:00')
    .option('--until <time>', 'before this time')
    .option('--follow', 'go on and show what is new or changes, until Ctrl-C');
}

async function queryOf(api: ApiClient, filter: Filter): Promise<Record<string, string | undefined>> {
  return {
    status: filter.status,
    platform: filter.platform,
    category: filter.category,
    reason: filter.reason,
    error_code: filter.errorCode,
    notification_id: filter.notification,
    user: filter.user === undefined ? undefined : await findUserId(api, filter.tenant, filter.user),
    since: instant(filter.since),
    until: instant(filter.until),
  };
}

async function list(api: ApiClient, filter: Filter): Promise<Output> {
  const path = tenantPath(filter.tenant, 'deliveries');
  const listed = await api.list(path, filter.limit, await queryOf(api, filter));
  return { json: { ...listed }, text: table(columns, listed.items, 'No delivery.') };
}

/** Prints the newest, oldest first, then whatever is new or has another status; ends by an error or a signal only. */
async function follow({ io }: CliContext, api: ApiClient, filter: Filter): Promise<never> {
  const path = tenantPath(filter.tenant, 'deliveries');
  const query = await queryOf(api, filter);
  const known = new Map<string, string>();
  for (;;) {
    const { items } = await api.list(path, filter.limit, query);
    for (const item of items.reverse()) {
      const id = show(item.delivery_id);
      if (known.get(id) === state(item)) continue;
      known.set(id, state(item));
      io.stdout.write(`${filter.json === true ? JSON.stringify(item) : lineOf(item)}\n`);
    }
    // What fell out of the window is shown again if it ever comes back.
    const inWindow = new Set(items.map((item) => show(item.delivery_id)));
    for (const id of known.keys()) if (!inWindow.has(id)) known.delete(id);
    await pause();
  }
}

/** One delivery on a line of its own. */
function lineOf(item: JsonObject): string {
  return [
    localTime(item.created_at),
    show(item.category),
    destination(item),
    state(item),
    show(item.delivery_id),
  ].join('  ');
}

async function change(
  api: ApiClient,
  tenant: string,
  id: string,
  verb: 'retry' | 'resolve' | 'cancel',
  body: JsonObject = {},
): Promise<Output> {
  return shown(await api.object('POST', tenantPath(tenant, 'deliveries', id, verb), { body }));
}

function shown(json: JsonObject): Output {
  const log = Array.isArray(json.log) ? (json.log as JsonObject[]) : [];
  const fallbacks = Array.isArray(json.fallbacks) ? (json.fallbacks as JsonObject[]) : [];
  const text = [
    facts([
      ['delivery', show(json.delivery_id)],
      ['notification', show(json.notification_id)],
      ['category', show(json.category)],
      ['person', show(json.user_id)],
      ['destination', destination(json)],
      ['status', state(json)],
      ['message', show(json.error_message)],
      ['made', localTime(json.created_at)],
      ['sent', localTime(json.sent_at)],
      ['delivered', localTime(json.delivered_at)],
      ['answered', localTime(json.responded_at)],
      ['withdrawn', localTime(json.withdrawn_at)],
    ]),
    table(attemptColumns, log, 'Nothing was tried yet.'),
    ...(typeof json.remedy === 'string' ? [show(json.remedy)] : []),
    ...fallbacks.map(
      (item) => `Then tried by ${show(item.delivery_id)}: ${destination(item)}, ${state(item)}`,
    ),
  ];
  return { json, text: text.join('\n\n') };
}

/** `slack_dm U0A1` */
function destination(row: JsonObject): string {
  if (typeof row.destination !== 'object' || row.destination === null) return '-';
  const { type, id } = row.destination as JsonObject;
  return `${show(type)} ${show(id)}`;
}

/** The status with its cause: `skipped muted`. */
function state(row: JsonObject): string {
  const cause = row.reason ?? row.error_code ?? null;
  return cause === null ? show(row.status) : `${show(row.status)} ${show(cause)}`;
}
