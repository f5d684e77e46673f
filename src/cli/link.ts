/** `link`: ties chat accounts to users by one-time codes, in either direction. */
import type { Command } from 'commander';
import { tenantPath } from './client.ts';
import { type CliContext, calls, type InTenant, type Limited, limitOption, tenantOption } from './command.ts';
import { type Column, facts, field, localTime, show, table, time } from './output.ts';
import { findUserId } from './user.ts';

const columns: Column[] = [
  field('CHAT ACCOUNT', 'platform_user_id'),
  field('USER', 'user_id'),
  field('REGISTRATION', 'registration_id'),
  field('ID', 'link_id'),
  time('CREATED', 'created_at'),
];

export function addLinkCommands(program: Command, context: CliContext): void {
  const link = program.command('link').description('chat accounts and the users behind them');
  calls<InTenant & { user: string }>(
    tenantOption(
      link
        .command('redeem')
        .description('link the chat account that was shown this code')
        .argument('<code>', 'the code that the person reads out'),
    ).requiredOption('--user <user>', 'whose account it is: id or e-mail address'),
    context,
    async (api, { tenant, user }, [code = '']) => {
      const body = { code, user_id: await findUserId(api, tenant, user) };
      const json = await api.object('POST', tenantPath(tenant, 'links', 'redeem'), { body });
      const text = facts([
        ['link', show(json.link_id)],
        ['user', show(json.user_id)],
        ['chat account', show(json.platform_user_id)],
      ]);
      return { json, text };
    },
  );
  calls<InTenant & { user: string }>(
    tenantOption(
      link.command('code').description('make a code that a person types into the chat'),
    ).requiredOption('--user <user>', 'who will type it: id or e-mail address'),
    context,
    async (api, { tenant, user }) => {
      const userId = await findUserId(api, tenant, user);
      const json = await api.object('POST', tenantPath(tenant, 'users', userId, 'link-codes'));
      const until = json.expires_at === undefined ? '' : ` It lasts until ${localTime(json.expires_at)}.`;
      return { json, text: `The person types: link ${show(json.code)}\nIt works once.${until}` };
    },
  );
  calls<InTenant & Limited>(
    limitOption(tenantOption(link.command('list').description('list links, newest first'))),
    context,
    async (api, { tenant, limit }) => {
      const listed = await api.list(tenantPath(tenant, 'links'), limit);
      return { json: { ...listed }, text: table(columns, listed.items, 'No chat account is linked.') };
    },
  );
}
