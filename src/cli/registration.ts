/** `registration`: the bot installations of a tenant on its chat platforms. */
import type { Command } from 'commander';
import type { JsonObject } from '../kernel/canonical-json.ts';
import { tenantPath } from './client.ts';
import { type CliContext, calls, type InTenant, type Limited, limitOption, tenantOption } from './command.ts';
import { readCredentials } from './credentials.ts';
import { type Column, facts, field, show, table, time } from './output.ts';
import { addDoctorCommand } from './registration-doctor.ts';
import { addRegistrationManifest } from './registration-manifest.ts';

const columns: Column[] = [
  field('PLATFORM', 'platform'),
  field('NAME', 'name'),
  field('APP', 'app_id'),
  field('ORGANIZATION', 'organization'),
  field('STATUS', 'status'),
  field('ID', 'registration_id'),
  time('CREATED', 'created_at'),
];

const credentialsHelp = `
Credentials are a JSON object: for Teams {"client_secret"}, for Slack {"signing_secret", "client_id", "client_secret"},
with "bot_token" where the app is installed already, for Lark {"app_secret", "encrypt_key", "verification_token"}. They
come from a file or from standard input:
  deskbridge registration add … --credentials-file credentials.json
  pass show acme-bot | deskbridge registration add … --credentials-file -
or from the environment variable DESKBRIDGE_CREDENTIALS. There is no option that takes them on the command
line, where every account of the machine could read them and the shell's history keeps them.`;

interface NewRegistration extends InTenant {
  platform: string;
  name: string;
  appId: string;
  organization: string;
  appType?: string;
  cloud?: string;
  domain?: string;
  credentialsFile?: string;
}

export function addRegistrationCommands(program: Command, context: CliContext): void {
  const registration = program.command('registration').description('bot installations of a tenant');
  addAdd(registration, context);
  calls<InTenant & Limited>(
    limitOption(tenantOption(registration.command('list').description('list registrations, newest first'))),
    context,
    async (api, { tenant, limit }) => {
      const listed = await api.list(tenantPath(tenant, 'registrations'), limit);
      return { json: { ...listed }, text: table(columns, listed.items, 'The tenant has no registrations.') };
    },
  );
  addRegistrationManifest(registration, context);
  addDoctorCommand(registration, context);
  calls<InTenant>(
    tenantOption(
      registration
        .command('approve')
        .description('make a pending registration active (operators only)')
        .argument('<registration-id>', 'its id'),
    ),
    context,
    async (api, { tenant }, [id = '']) => {
      const json = await api.object('POST', tenantPath(tenant, 'registrations', id, 'approve'));
      return { json, text: registrationText(json) };
    },
  );
  calls<InTenant>(
    tenantOption(
      registration
        .command('retire')
        .description('end a registration for good; its organization becomes free')
        .argument('<registration-id>', 'its id'),
    ),
    context,
    async (api, { tenant }, [id = '']) => {
      const answer = await api.request('DELETE', tenantPath(tenant, 'registrations', id));
      const json = answer ?? { registration_id: id, status: 'retired' };
      return { json, text: `The registration ${show(id)} is retired.` };
    },
  );
}

function addAdd(registration: Command, context: CliContext): void {
  calls<NewRegistration>(
    tenantOption(registration.command('add').description('enrol an organization with an app'))
      .requiredOption('--platform <platform>', 'e.g. teams')
      .requiredOption('--name <name>', 'what people read')
      .requiredOption('--app-id <id>', 'the app or bot id that the platform gave')
      .requiredOption(
        '--organization <id>',
        'the customer there: Entra tenant id, Slack T… or E…, Lark tenant_key',
      )
      .option('--app-type <type>', 'Teams: single_tenant or multi_tenant; Lark: custom or isv')
      .option('--cloud <cloud>', 'Teams: public, gcch or dod')
      .option('--domain <domain>', 'Lark: lark or feishu')
      .option('--credentials-file <file>', 'JSON file with the secrets, - for standard input')
      .addHelpText('after', credentialsHelp),
    context,
    async (api, options) => {
      const { tenant, platform, name, appId, organization, appType, cloud, domain } = options;
      const body: JsonObject = {
        platform,
        name,
        app_id: appId,
        organization,
        ...(appType === undefined ? {} : { app_type: appType }),
        ...(cloud === undefined ? {} : { cloud }),
        ...(domain === undefined ? {} : { domain }),
        credentials: await readCredentials(context.io, options.credentialsFile),
      };
      const json = await api.object('POST', tenantPath(tenant, 'registrations'), { body });
      return { json, text: registrationText(json) };
    },
  );
}

function registrationText(json: JsonObject): string {
  return facts([
    ['registration', show(json.name)],
    ['platform', show(json.platform)],
    ['app', show(json.app_id)],
    ['organization', show(json.organization)],
    ['status', show(json.status)],
    ['id', show(json.registration_id)],
    ...(json.install_url === undefined ? [] : [['install', show(json.install_url)] as const]),
  ]);
}
