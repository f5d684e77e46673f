/** Two Slack Web APIs to run the same tests against: our own simulator, and `emulate`, which others wrote. */
import { createEmulator } from 'emulate';
import { startSlackSimulator } from '../../bots/slack/simulator/index.ts';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';

/** The app that is registered with both; where its consent page leads back to is never called. */
export const slackApp = {
  appId: 'A0DESK00001',
  clientId: '1234.5678',
  clientSecret: 'client-secret',
  signingSecret: '0123456789abcdef0123456789abcdef',
  redirectUri: 'https://desk.example/oauth/slack/callback',
};

/** A running Web API with one workspace, in which the app is not installed yet. */
export interface SlackBackend {
  /** Base of the Web API, with a slash at its end. */
  apiUrl: string;
  /** Id of the workspace. */
  organization: string;
  /** User ids. */
  people: readonly [string, string];
  /** A channel in which the bot may post, once it is installed. */
  channel: string;
  /** A channel in which the bot is not, and is told so. */
  outside: string;
  /** Null where channels cannot be archived. */
  archived: string | null;
  /** A person writes in `channel`. @returns the message's ts */
  write(text: string): Promise<string>;
  /** A gesture of the person's, as far as a modal may be opened by it. @returns the trigger id */
  trigger(botToken: string, userId: string): Promise<string>;
  close(): Promise<void>;
}

export interface SlackBackendKind {
  name: string;
  /** Its answers name the token's scopes in a header, as Slack's do. */
  namesScopes: boolean;
  hasArchivedChannels: boolean;
  start(): Promise<SlackBackend>;
}

export const slackBackends: readonly SlackBackendKind[] = [
  { name: 'our simulator', namesScopes: true, hasArchivedChannels: false, start: startOurs },
  { name: 'emulate', namesScopes: false, hasArchivedChannels: true, start: startEmulate },
];

/** The members of the Web API's answers that the tests read. */
export interface SlackAnswer {
  ok: boolean;
  error?: string;
  ts?: string;
  user?: { id: string };
  trigger_id?: string;
  channel?: { id: string };
  channels?: { id: string; name: string }[];
  messages?: JsonObject[];
}

/** One plain call with a form body, as any client makes it; `token` null: without one. */
export async function slackCall(
  apiUrl: string,
  token: string | null,
  method: string,
  args: Record<string, string> = {},
): Promise<SlackAnswer> {
  const response = await fetch(apiUrl + method, {
    method: 'POST',
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
    body: new URLSearchParams(args),
  });
  return (await response.json()) as SlackAnswer;
}

/** An administrator's browser: opens the consent page, agrees to its first form if it has one. @returns where it leads */
export async function consent(authorizeUrl: string): Promise<URL> {
  const page = await fetch(authorizeUrl, { redirect: 'manual' });
  const html = await page.text();
  if (page.status === 302) return new URL(page.headers.get('location') ?? '');
  const form = /<form[^>]*action="([^"]+)"[^>]*>(.*?)<\/form>/s.exec(html);
  if (form === null) throw new Error(`the consent page answers ${page.status}`);
  const [, action = '', inputs = ''] = form;
  const fields = [...inputs.matchAll(/name="([^"]*)" value="([^"]*)"/g)].map(
    ([, name = '', value = '']): [string, string] => [
      name,
      value.replaceAll('&quot;', '"').replaceAll('&amp;', '&'),
    ],
  );
  const agreed = await fetch(new URL(action, authorizeUrl), {
    method: 'POST',
    body: new URLSearchParams(fields),
    redirect: 'manual',
  });
  return new URL(agreed.headers.get('location') ?? '');
}

async function startOurs(): Promise<SlackBackend> {
  const { appId, clientId, clientSecret, signingSecret } = slackApp;
  const organization = 'T0ACME';
  const installations = [{ organization, botToken: null }];
  const simulator = await startSlackSimulator({
    apps: [{ appId, clientId, clientSecret, signingSecret, installations }],
    organizations: [{ id: organization, name: 'Acme' }],
  });
  const { world } = simulator;
  const installation = world.installation();
  const channel = world.shared(installation, 'channel', 'desk');
  channel.members.add(installation.botUserId);
  const ann = world.person('ann').platformUserId;
  return {
    apiUrl: simulator.apiUrl,
    organization,
    people: [ann, world.person('ben').platformUserId],
    channel: channel.id,
    outside: world.shared(installation, 'channel', 'board').id,
    archived: null,
    write: async (text) => {
      const content = { text, blocks: [], metadata: null };
      const written = { userId: ann, installation: null, onlyFor: null, content };
      return simulator.oracle.recordPost({ conversationId: channel.id, threadTs: null, ...written }).ts;
    },
    trigger: async (_, userId) => simulator.triggers.create(installation.key, userId),
    close: () => simulator.close(),
  };
}

/** Its own workspace, channels `general` and `random`, and first user have fixed ids. */
async function startEmulate(): Promise<SlackBackend> {
  const { appId, clientId, clientSecret, redirectUri } = slackApp;
  const scopes = 'chat:write,channels:read,channels:manage,groups:read,users:read,users:read.email';
  const adminToken = 'xoxp-admin-of-the-test';
  const emulator = await createEmulator({
    service: 'slack',
    port: 0,
    seed: {
      slack: {
        // So that a scope that the app does not ask for is missed.
        strict_scopes: true,
        users: [{ name: 'ben', email: 'ben@people.example' }],
        channels: [{ name: 'board', is_private: true }],
        oauth_apps: [
          {
            app_id: appId,
            client_id: clientId,
            client_secret: clientSecret,
            name: 'Deskbridge',
            redirect_uris: [redirectUri],
          },
        ],
        tokens: [{ token: adminToken, type: 'user', user: 'admin', scopes }],
      },
    },
  });
  const apiUrl = `http://127.0.0.1:${new URL(emulator.url).port}/api/`;
  const asAdmin = (method: string, args: Record<string, string>) =>
    slackCall(apiUrl, adminToken, method, args);
  const ben = await asAdmin('users.lookupByEmail', { email: 'ben@people.example' });
  const listed = await asAdmin('conversations.list', { types: 'private_channel' });
  const channel = 'C000000001';
  const archived = 'C000000002';
  await asAdmin('conversations.archive', { channel: archived });
  return {
    apiUrl,
    organization: 'T000000001',
    people: ['U000000001', ben.user?.id ?? ''],
    channel,
    outside: listed.channels?.find(({ name }) => name === 'board')?.id ?? '',
    archived,
    write: async (text) => (await asAdmin('chat.postMessage', { channel, text })).ts ?? '',
    trigger: async (botToken, userId) =>
      (await slackCall(apiUrl, botToken, 'views.generateTriggerId', { user_id: userId })).trigger_id ?? '',
    close: () => emulator.close(),
  };
}
