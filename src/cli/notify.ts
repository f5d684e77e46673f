/** `notify`: tells people something, or tests the way to one of them. */
import { type Command, Option } from 'commander';
import type { JsonObject } from '../kernel/canonical-json.ts';
import { categories, unknownPolicies } from '../notify/records.ts';
import { instant } from './audit.ts';
import { type ApiClient, tenantPath } from './client.ts';
import { type CliContext, calls, type InTenant, repeatable, tenantOption } from './command.ts';
import { findGroupId } from './group.ts';
import { facts, type Output, show, usageError } from './output.ts';
import { countsOf, followNotification, progressLine, progressView } from './progress.ts';
import { testNotification } from './test-notification.ts';
import { findUserId } from './user.ts';

const recipientsHelp = `
Recipients (--to, may be repeated):
  user:<id or e-mail address>   group:<name or id>   everyone   conversation:<id>
  address:<registration>:<address>   e.g. a Slack channel, an Entra object id, a Lark open_id
  deskbridge notify -t acme --to everyone --title "Maintenance" --text "Tonight from 22:00 on." --wait
  deskbridge notify -t acme --test --to user:ann@acme.test

Exit code with --wait: 0 when everything was sent, delivered or skipped, 1 when something failed.`;

interface NotifyFlags extends InTenant {
  to: string[];
  title?: string;
  text?: string;
  category: string;
  ticket?: string;
  sendAt?: string;
  recipientTime?: boolean;
  expiresAt?: string;
  high?: boolean;
  collapseKey?: string;
  onUnknown?: string;
  wait?: boolean;
  test?: boolean;
  json?: boolean;
}

export function addNotifyCommand(program: Command, context: CliContext): void {
  const command = tenantOption(program.command('notify').description('tell people something in chat'))
    .requiredOption('--to <recipient>', 'who is told; may be repeated', repeatable)
    .option('--title <title>')
    .option('--text <text>')
    .addOption(new Option('--category <category>').choices(categories).default('announcement'))
    .option('--ticket <id>', 'the ticket that it is about')
    .option('--send-at <time>', 'not before this time, e.g. 2026-11-21T09:00')
    .option('--recipient-time', "--send-at is meant in each recipient's own time zone")
    .option('--expires-at <time>', 'not after this time')
    .option('--high', 'before what waits with normal priority')
    .option('--collapse-key <key>', 'replaces what is unsent under the same key')
    .addOption(new Option('--on-unknown <policy>', 'when nobody can tell').choices(unknownPolicies))
    .option('--wait', 'follow it until everything is over')
    .option('--test', 'send a test message to one person and explain the way')
    .addHelpText('after', recipientsHelp);
  calls<NotifyFlags>(command, context, async (api, flags) => {
    if (flags.test === true) return await runTest(context, api, flags);
    const body = await bodyOf(api, flags);
    const sent = await api.object('POST', tenantPath(flags.tenant, 'notifications'), { body });
    if (flags.wait !== true) return { json: sent, text: acceptedText(flags.tenant, sent) };
    return await waitFor(context, api, flags, sent);
  });
}

async function bodyOf(api: ApiClient, flags: NotifyFlags): Promise<JsonObject> {
  const { tenant, title, text, ticket, collapseKey, onUnknown } = flags;
  if (title === undefined || text === undefined) throw usageError('--title and --text are missing');
  if (flags.recipientTime === true && flags.sendAt === undefined) {
    throw usageError('--recipient-time goes with --send-at');
  }
  const to: JsonObject[] = [];
  for (const recipient of flags.to) to.push(await recipientOf(api, tenant, recipient));
  const expiresAt = instant(flags.expiresAt);
  return {
    category: flags.category,
    message: { title, text },
    to,
    ...(ticket === undefined ? {} : { target: { kind: 'ticket', id: ticket } }),
    ...sendAtOf(flags),
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
    ...(flags.high === true ? { priority: 'high' } : {}),
    ...(collapseKey === undefined ? {} : { collapse_key: collapseKey }),
    ...(onUnknown === undefined ? {} : { on_unknown: onUnknown }),
  };
}

function sendAtOf({ sendAt, recipientTime }: NotifyFlags): JsonObject {
  if (sendAt === undefined) return {};
  if (recipientTime === true) return { send_at: sendAt, time_zone: 'recipient' };
  return { send_at: instant(sendAt) ?? sendAt };
}

/** A recipient as the API takes it. @throws CliError */
export async function recipientOf(api: ApiClient, tenant: string, text: string): Promise<JsonObject> {
  if (text === 'everyone') return { everyone: true };
  const [, kind = '', rest = ''] = /^(\w+):(.+)$/s.exec(text) ?? [];
  switch (kind) {
    case 'user':
      return { user: await findUserId(api, tenant, rest) };
    case 'group':
      return { group: await findGroupId(api, tenant, rest) };
    case 'conversation':
      return { conversation: rest };
    case 'address': {
      const [, registration, address] = /^([^:]+):(.+)$/s.exec(rest) ?? [];
      if (registration !== undefined && address !== undefined) return { registration, address };
    }
  }
  throw usageError(`"${text}" is no recipient`, 'Add --help to see how recipients are written.');
}

function acceptedText(tenant: string, sent: JsonObject): string {
  const id = show(sent.notification_id);
  const accepted = facts([
    ['notification', id],
    ['recipients', show(sent.recipients)],
  ]);
  return `${accepted}\nFollow it with deskbridge deliveries --tenant ${tenant} --notification ${id}`;
}

async function waitFor(
  { io }: CliContext,
  api: ApiClient,
  flags: NotifyFlags,
  sent: JsonObject,
): Promise<Output> {
  const path = tenantPath(flags.tenant, 'notifications', show(sent.notification_id));
  const view = progressView(io);
  // With --json nothing but the document stands on standard output.
  const json = await followNotification(api, path, flags.json === true ? () => undefined : view.show);
  if (flags.json !== true) view.end();
  const failed = countsOf(json).failed > 0;
  const hint = failed ? `\nSee deskbridge deliveries --tenant ${flags.tenant} --status failed` : '';
  const text = `Notification ${show(json.notification_id)} is over: ${progressLine(json)}.${hint}`;
  return { json, text, exitCode: failed ? 1 : 0 };
}

async function runTest({ io }: CliContext, api: ApiClient, flags: NotifyFlags): Promise<Output> {
  const [recipient, ...others] = flags.to;
  if (recipient === undefined || others.length > 0 || !recipient.startsWith('user:')) {
    throw usageError('--test goes to one person', 'For example --test --to user:ann@acme.test');
  }
  if (flags.title !== undefined || flags.text !== undefined) {
    throw usageError('--test has a message of its own: leave out --title and --text');
  }
  const userId = await findUserId(api, flags.tenant, recipient.slice('user:'.length));
  const say = flags.json === true ? () => undefined : (line: string) => void io.stdout.write(`${line}\n`);
  return await testNotification(api, { tenant: flags.tenant, userId, say });
}
