/** `group`: named sets of people that notifications can go to. */
import type { Command } from 'commander';
import type { JsonObject } from '../kernel/canonical-json.ts';
import { type ApiClient, tenantPath } from './client.ts';
import {
  type CliContext,
  calls,
  type InTenant,
  type Limited,
  limitOption,
  repeatable,
  tenantOption,
} from './command.ts';
import { CliError, type Column, facts, field, type Output, show, table } from './output.ts';
import { findUserId } from './user.ts';

const columns: Column[] = [field('NAME', 'name'), field('MEMBERS', 'member_count'), field('ID', 'group_id')];
/** More groups than this a tenant is not looked through for a name. */
const maxGroups = 10_000;

interface Members extends InTenant {
  member?: string[];
}

export function addGroupCommands(program: Command, context: CliContext): void {
  const group = program.command('group').description('named sets of people');
  calls<Members & { name: string }>(
    tenantOption(group.command('create').description('make a group'))
      .requiredOption('--name <name>', 'unique in the tenant')
      .option('--member <user>', 'id or e-mail address; may be repeated', repeatable),
    context,
    async (api, { tenant, name, member }) => {
      const body = { name, members: await findUserIds(api, tenant, member ?? []) };
      return shown(await api.object('POST', tenantPath(tenant, 'groups'), { body }));
    },
  );
  calls<InTenant & Limited>(
    limitOption(tenantOption(group.command('list').description('list groups, newest first'))),
    context,
    async (api, { tenant, limit }) => {
      const listed = await api.list(tenantPath(tenant, 'groups'), limit);
      return { json: { ...listed }, text: table(columns, listed.items, 'The tenant has no groups.') };
    },
  );
  calls<Members & { name?: string }>(
    tenantOption(
      group
        .command('update')
        .description('rename a group or replace its members')
        .argument('<group>', 'its name or id'),
    )
      .option('--name <name>', 'the new name')
      .option('--member <user>', 'id or e-mail address; may be repeated', repeatable),
    context,
    async (api, { tenant, name, member }, [reference = '']) => {
      const id = await findGroupId(api, tenant, reference);
      const body = {
        ...(name === undefined ? {} : { name }),
        ...(member === undefined ? {} : { members: await findUserIds(api, tenant, member) }),
      };
      return shown(await api.object('PATCH', tenantPath(tenant, 'groups', id), { body }));
    },
  );
  calls<InTenant>(
    tenantOption(group.command('delete').description('delete a group').argument('<group>', 'its name or id')),
    context,
    async (api, { tenant }, [reference = '']) => {
      const id = await findGroupId(api, tenant, reference);
      await api.request('DELETE', tenantPath(tenant, 'groups', id));
      return { json: { group_id: id, deleted: true }, text: `The group ${reference} is deleted.` };
    },
  );
}

async function findUserIds(api: ApiClient, tenant: string, references: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const reference of references) ids.push(await findUserId(api, tenant, reference));
  return ids;
}

/** The id of a group by id or name. @throws CliError when no group has the name */
export async function findGroupId(api: ApiClient, tenant: string, reference: string): Promise<string> {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(reference)) return reference;
  const { items } = await api.list(tenantPath(tenant, 'groups'), maxGroups);
  const id = items.find(({ name }) => name === reference)?.group_id;
  if (typeof id === 'string') return id;
  throw new CliError({
    title: `No group of the tenant is called ${reference}`,
    code: 'not_found',
    remedy: `See deskbridge group list --tenant ${tenant}`,
  });
}

function shown(json: JsonObject): Output {
  const text = facts([
    ['group', show(json.name)],
    ['members', show(json.member_count)],
    ['id', show(json.group_id)],
  ]);
  return { json, text };
}
