/** Opens a Slack and a Lark in miniature around the demo's registrations, on loopback, for the life of the server. */
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDataDirectory } from '../infra/embedded-postgres-place.ts';
import type { JsonObject } from '../kernel/canonical-json.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import type { PlatformRegistration } from '../kernel/platform.ts';
import type { SimulatedChat } from '../kernel/simulated-chat.ts';
import { demoLark, demoPeople, demoSlack } from './demo-data.ts';
import { type ChatAddress, ChatServer } from './remote-chat.ts';

/** What of the settings decides; `config.ts` says what each means. */
export interface SimulatorSettings {
  dataDir: string;
  roles: readonly string[];
  slack: { apiUrl: string | null };
  lark: { apiUrl: string | null };
}

/** Finds a live registration; the directory of registrations is one. */
export interface RegistrationReader {
  findByOrganization(key: {
    platform: string;
    appId: string;
    organization: string;
  }): Promise<PlatformRegistration | null>;
}

export interface DemoSimulators {
  /** Base of the Web API that the demo's Slack registration is spoken to at; null: at none. */
  slackApiUrl: string | null;
  /** Origin of the Open API, likewise. */
  larkApiUrl: string | null;
  /** Tells the simulators where the server listens, and the data directory where they are. */
  connect(serverUrl: string): Promise<void>;
  close(): Promise<void>;
}

/** A simulator of one platform, around one registration of the demo. */
interface Opened {
  chat: SimulatedChat;
  apiUrl: string;
  registrationId: string;
}

/** File of the data directory that says where the simulators are; there for as long as they are. */
export const addressFile = 'simulators.json';

/**
 * A platform whose API URL is set to this machine has its simulator there already; one whose registration is retired
 * has none. Nobody reaches them in a process that serves no web.
 * @throws the listener's error
 */
export async function openSimulators(
  settings: SimulatorSettings,
  registrations: RegistrationReader,
  demoTenantId: string,
): Promise<DemoSimulators> {
  const given = { slack: localUrl(settings.slack.apiUrl), lark: localUrl(settings.lark.apiUrl) };
  const serves = settings.roles.includes('web');
  const find = async (platform: string, key: { appId: string; organization: string }) => {
    const found = serves ? await registrations.findByOrganization({ platform, ...key }) : null;
    return found?.tenantId === demoTenantId ? found : null;
  };
  const [slack, lark] = await Promise.all([
    given.slack === null ? find('slack', demoSlack).then((found) => open(found, openSlack)) : null,
    given.lark === null ? find('lark', demoLark).then((found) => open(found, openLark)) : null,
  ]);
  const opened = [slack, lark].filter((each) => each !== null);
  const server =
    opened.length === 0
      ? null
      : await ChatServer.open(new Map(opened.map(({ chat }) => [chat.platform, chat])));
  return {
    slackApiUrl: given.slack ?? slack?.apiUrl ?? null,
    larkApiUrl: given.lark ?? lark?.apiUrl ?? null,
    async connect(serverUrl) {
      for (const { chat, registrationId } of opened) {
        chat.connect(serverUrl, new Map(chat.installations.map(({ key }) => [key, registrationId])));
      }
      if (server !== null) await writeAddress(settings.dataDir, server.address);
    },
    async close() {
      if (server !== null) {
        await removeAddress(settings.dataDir, server.address);
        await server.close();
      }
      await Promise.all(opened.map(({ chat }) => chat.close()));
    },
  };
}

/** Where the simulators of the data directory's server are; null when there are none. */
export async function readAddress(dataDir: string): Promise<ChatAddress | null> {
  try {
    return JSON.parse(await readFile(join(dataDir, addressFile), 'utf8')) as ChatAddress;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function writeAddress(dataDir: string, address: ChatAddress): Promise<void> {
  await makeDataDirectory(dataDir);
  const path = join(dataDir, addressFile);
  // One that a killed server left may have any mode.
  await rm(path, { force: true });
  await writeFile(path, `${JSON.stringify(address)}\n`, { mode: 0o600, flag: 'wx' });
  await chmod(path, 0o600); // whatever the umask says
}

/** Another server on the same directory may have written its own since. */
async function removeAddress(dataDir: string, { token }: ChatAddress): Promise<void> {
  const written = await readAddress(dataDir).catch(() => null);
  if (written?.token === token) await rm(join(dataDir, addressFile), { force: true });
}

/** With the registration's own secrets; one whose secrets cannot be opened is out of service like a retired one. */
async function open(
  registration: PlatformRegistration | null,
  start: (credentials: JsonObject) => Promise<{ chat: SimulatedChat; apiUrl: string }>,
): Promise<Opened | null> {
  if (registration === null) return null;
  const credentials = await registration.credentials().catch((error) => {
    if (error instanceof DeskbridgeError) return null;
    throw error;
  });
  if (credentials === null) return null;
  return { ...(await start(credentials)), registrationId: registration.registrationId };
}

/** The simulators are imported where they are opened: a server without demo never loads them. */
async function openSlack(credentials: JsonObject) {
  const { createPerson, startSlackSimulator } = await import('../../bots/slack/simulator/index.ts');
  const { appId, organization } = demoSlack;
  const chat = await startSlackSimulator({
    apps: [
      {
        appId,
        name: botName,
        signingSecret: String(credentials.signing_secret),
        installations: [{ organization, botToken: String(credentials.bot_token) }],
      },
    ],
    organizations: [{ id: organization, name: 'Demo Desk' }],
    people: demoPeople.map(({ key, name, slackUserId }) => createPerson(key, name, slackUserId)),
  });
  return { chat, apiUrl: chat.apiUrl };
}

async function openLark(credentials: JsonObject) {
  const { createPerson, startLarkSimulator } = await import('../../bots/lark/simulator/index.ts');
  const { appId, organization } = demoLark;
  const chat = await startLarkSimulator({
    apps: [
      {
        appId,
        appSecret: String(credentials.app_secret),
        encryptKey: String(credentials.encrypt_key),
        verificationToken: String(credentials.verification_token),
        type: 'custom',
      },
    ],
    organizations: [organization],
    people: demoPeople.map(({ key, name, larkOpenId, larkUnionId }) =>
      createPerson(key, name, larkOpenId, larkUnionId),
    ),
    botName,
  });
  return { chat, apiUrl: chat.url };
}

const botName = 'Deskbridge';

/** The URL if it leads to this machine; null otherwise. */
function localUrl(url: string | null): string | null {
  return url !== null && ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname) ? url : null;
}
