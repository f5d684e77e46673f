/** `settings`: what a tenant allows. */
import type { Command } from 'commander';
import type { JsonObject, JsonValue } from '../kernel/canonical-json.ts';
import { tenantPath } from './client.ts';
import { type CliContext, calls, type InTenant, parseLoosely, tenantOption } from './command.ts';
import { facts, show, usageError } from './output.ts';

const valuesHelp = `
Values: allowed_actions and surfaces take a list separated by commas, or "all"; disabled_categories a list, or
"none"; group_chat takes true or false; language takes a language tag.
  deskbridge settings set --tenant acme group_chat=true surfaces=bot,card`;

/** Settings that hold a list; where nothing said means everything, and where it means nothing. */
const lists = new Set(['allowed_actions', 'surfaces', 'disabled_categories']);

export function addSettingsCommands(program: Command, context: CliContext): void {
  const settings = program.command('settings').description('what a tenant allows');
  calls<InTenant>(
    tenantOption(settings.command('show').description('show the settings')),
    context,
    async (api, { tenant }) => {
      const json = await api.object('GET', tenantPath(tenant, 'settings'));
      return { json, text: settingsText(json) };
    },
  );
  calls<InTenant>(
    tenantOption(
      settings
        .command('set')
        .description('change settings; the others stay')
        .argument('<name=value...>', 'what to change')
        .addHelpText('after', valuesHelp),
    ),
    context,
    async (api, { tenant }, changes) => {
      const body = Object.fromEntries(changes.map(parseChange));
      const json = await api.object('PATCH', tenantPath(tenant, 'settings'), { body });
      return { json, text: settingsText(json) };
    },
  );
}

/** `name=value` as the API takes it. @throws CliError (usage) */
export function parseChange(text: string): [string, JsonValue] {
  const at = text.indexOf('=');
  if (at < 1) throw usageError(`${text} is not of the form name=value`);
  const name = text.slice(0, at);
  const value = text.slice(at + 1);
  if (!lists.has(name)) return [name, parseLoosely(value)];
  if (name === 'disabled_categories' && value === 'none') return [name, []];
  if (value === 'all') return [name, null];
  return [name, value.split(',').flatMap((item) => (item.trim() === '' ? [] : [item.trim()]))];
}

function settingsText(json: JsonObject): string {
  const text = (name: string, value: JsonValue | undefined) => {
    if (!lists.has(name)) return show(value);
    if (value === null) return 'all';
    return Array.isArray(value) && value.length === 0 ? 'none' : show(value);
  };
  return facts(Object.entries(json).map(([name, value]) => [show(name), text(name, value)] as const));
}
