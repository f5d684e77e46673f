/** `action`: runs what people do in chat, from a script. */
import type { Command } from 'commander';
import type { JsonObject, JsonValue } from '../kernel/canonical-json.ts';
import { tenantPath } from './client.ts';
import { type CliContext, calls, type InTenant, parseLoosely, repeatable, tenantOption } from './command.ts';
import { type Column, field, show, table, usageError } from './output.ts';
import { findUserId } from './user.ts';

const columns: Column[] = [
  field('ID', 'id'),
  field('KIND', 'kind'),
  field('WHAT IT DOES', 'help'),
  ['HERE', (row) => (row.allowed === true ? 'yes' : 'no')],
];

interface Run extends InTenant {
  as: string;
  input?: string;
  set?: string[];
}

export function addActionCommands(program: Command, context: CliContext): void {
  const action = program.command('action').description('what people do in chat, from a script');
  calls<InTenant>(
    tenantOption(action.command('list').description('list the actions')),
    context,
    async (api, { tenant }) => {
      const json = await api.object('GET', tenantPath(tenant, 'actions'));
      return { json, text: table(columns, json.items as JsonObject[], 'There is no action.') };
    },
  );
  calls<Run>(
    tenantOption(
      action
        .command('run')
        .description('run an action; it is audited as in chat')
        .argument('<action>', 'its id, e.g. assign_ticket'),
    )
      .requiredOption(
        '--as <user>',
        'who acts (id or e-mail address): what both they and the token may do is done',
      )
      .option('--input <json>', 'the input as a JSON object')
      .option('--set <field=value>', 'one text field of the input; may be repeated', repeatable),
    context,
    async (api, { tenant, as, input, set }, [id = '']) => {
      const fields = { ...inputObject(input), ...Object.fromEntries((set ?? []).map(pair)) };
      const body = { as_user: await findUserId(api, tenant, as), input: fields };
      const json = await api.object('POST', tenantPath(tenant, 'actions', id), { body });
      return { json, text: summaryText(json) };
    },
  );
}

function inputObject(text: string | undefined): JsonObject {
  if (text === undefined) return {};
  const value = parseLoosely(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw usageError('--input is not a JSON object', `For example --input '{"ticket":"1002"}'`);
}

function pair(text: string): [string, JsonValue] {
  const at = text.indexOf('=');
  if (at < 1) throw usageError(`--set ${text} is not of the form field=value`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function summaryText(json: JsonObject): string {
  const summary = json.summary as JsonObject | undefined;
  const warnings = Array.isArray(json.warnings) ? json.warnings.map((warning) => `! ${show(warning)}`) : [];
  const items = Array.isArray(json.items) ? json.items : [];
  const counted =
    items.length === 0
      ? []
      : [`${items.length === 1 ? 'One record' : `${items.length} records`}; --json shows more`];
  const text = summary?.text === undefined || summary.text === '' ? [] : [show(summary.text)];
  return [show(summary?.title), ...text, ...counted, ...warnings].join('\n');
}
