/** `tenant`: the customer organizations of this installation. */
import type { Command } from 'commander';
import { type CliContext, calls, type Limited, limitOption } from './command.ts';
import { type Column, facts, field, localTime, show, table, time } from './output.ts';

const columns: Column[] = [
  field('SLUG', 'slug'),
  field('NAME', 'name'),
  field('STATUS', 'status'),
  field('ID', 'tenant_id'),
  time('CREATED', 'created_at'),
];

export function addTenantCommands(program: Command, context: CliContext): void {
  const tenant = program.command('tenant').description('customer organizations (operators only)');
  calls<{ slug: string; name: string }>(
    tenant
      .command('create')
      .description('create a tenant')
      .requiredOption('--slug <slug>', 'short name in addresses: lower-case letters, digits, hyphens')
      .requiredOption('--name <name>', 'what people read'),
    context,
    async (api, { slug, name }) => {
      const json = await api.object('POST', '/v1/tenants', { body: { slug, name } });
      const text = facts([
        ['tenant', show(json.slug)],
        ['name', show(json.name)],
        ['id', show(json.tenant_id)],
        ['created', localTime(json.created_at)],
      ]);
      return { json, text };
    },
  );
  calls<Limited>(
    limitOption(tenant.command('list').description('list tenants, newest first')),
    context,
    async (api, { limit }) => {
      const listed = await api.list('/v1/tenants', limit);
      return { json: { ...listed }, text: table(columns, listed.items, 'There is no tenant yet.') };
    },
  );
}
