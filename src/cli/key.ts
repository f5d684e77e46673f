/** `key`: the API keys of a tenant. */
import { type Command, Option } from 'commander';
import { roles } from '../tenants/capabilities.ts';
import { tenantPath } from './client.ts';
import { type CliContext, calls, type InTenant, type Limited, limitOption, tenantOption } from './command.ts';
import { type Column, field, show, table, time } from './output.ts';

const columns: Column[] = [
  field('NAME', 'name'),
  field('ROLE', 'role'),
  field('ID', 'key_id'),
  time('CREATED', 'created_at'),
  time('REVOKED', 'revoked_at'),
];

export function addKeyCommands(program: Command, context: CliContext): void {
  const key = program.command('key').description('API keys of a tenant');
  calls<InTenant & { name: string; role: string }>(
    tenantOption(key.command('create').description('make a key; it is shown once and kept as a hash'))
      .requiredOption('--name <name>', 'what it is for')
      .addOption(new Option('--role <role>', 'what it may do').choices(roles).makeOptionMandatory()),
    context,
    async (api, { tenant, name, role }) => {
      const json = await api.object('POST', tenantPath(tenant, 'keys'), { body: { name, role } });
      const text = `${show(json.key)}\nThis is the only time that the key is shown. Its id is ${show(json.key_id)}.`;
      return { json, text };
    },
  );
  calls<InTenant>(
    tenantOption(key.command('revoke').description('end a key at once').argument('<key-id>', 'its id')),
    context,
    async (api, { tenant }, [keyId = '']) => {
      const json = await api.request('DELETE', tenantPath(tenant, 'keys', keyId));
      return { json: json ?? { key_id: keyId, revoked: true }, text: `The key ${show(keyId)} is revoked.` };
    },
  );
  calls<InTenant & Limited>(
    limitOption(tenantOption(key.command('list').description('list keys, newest first'))),
    context,
    async (api, { tenant, limit }) => {
      const listed = await api.list(tenantPath(tenant, 'keys'), limit);
      return { json: { ...listed }, text: table(columns, listed.items, 'The tenant has no keys.') };
    },
  );
}
