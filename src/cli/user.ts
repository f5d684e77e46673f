/** `user`: the people of a tenant. */
import { type Command, Option } from 'commander';
import { roles } from '../tenants/capabilities.ts';
import { type ApiClient, tenantPath } from './client.ts';
import { type CliContext, calls, type InTenant, type Limited, limitOption, tenantOption } from './command.ts';
import { CliError, type Column, facts, field, show, table } from './output.ts';

const columns: Column[] = [
  field('NAME', 'name'),
  field('EMAIL', 'email'),
  field('ROLES', 'roles'),
  field('STATUS', 'status'),
  field('ID', 'user_id'),
];

interface NewUser extends InTenant {
  name: string;
  email: string;
  role: string[];
  locale?: string;
  timeZone?: string;
}

export function addUserCommands(program: Command, context: CliContext): void {
  const user = program.command('user').description('the people of a tenant');
  calls<NewUser>(
    tenantOption(user.command('create').description('add a person'))
      .requiredOption('--name <name>', 'full name')
      .requiredOption('--email <address>', 'unique in the tenant')
      .addOption(
        new Option('--role <role...>', 'what the person may do').choices(roles).default(['technician']),
      )
      .option('--locale <tag>', 'language, e.g. en')
      .option('--time-zone <zone>', 'IANA time zone, e.g. Europe/Berlin'),
    context,
    async (api, { tenant, name, email, role, locale, timeZone }) => {
      const body = {
        name,
        email,
        roles: role,
        ...(locale === undefined ? {} : { locale }),
        ...(timeZone === undefined ? {} : { time_zone: timeZone }),
      };
      const json = await api.object('POST', tenantPath(tenant, 'users'), { body });
      const text = facts([
        ['user', show(json.name)],
        ['email', show(json.email)],
        ['roles', show(json.roles)],
        ['id', show(json.user_id)],
      ]);
      return { json, text };
    },
  );
  calls<InTenant & Limited>(
    limitOption(tenantOption(user.command('list').description('list people, newest first'))),
    context,
    async (api, { tenant, limit }) => {
      const listed = await api.list(tenantPath(tenant, 'users'), limit);
      return { json: { ...listed }, text: table(columns, listed.items, 'The tenant has no users.') };
    },
  );
}

/** The id of a person by id or e-mail address. @throws CliError when nobody has the address */
export async function findUserId(api: ApiClient, tenant: string, reference: string): Promise<string> {
  if (!reference.includes('@')) return reference;
  const { items } = await api.list(tenantPath(tenant, 'users'), 1, { email: reference });
  const id = items[0]?.user_id;
  if (typeof id === 'string') return id;
  throw new CliError({
    title: `Nobody in the tenant has the address ${reference}`,
    code: 'not_found',
    remedy: `See deskbridge user list --tenant ${tenant}`,
  });
}
