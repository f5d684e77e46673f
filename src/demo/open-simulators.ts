/** Opens each platform in miniature around the demo's registrations, on loopback, for the life of the server. */
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDataDirectory } from '../infra/embedded-postgres-place.ts';
import type { ConversationReference } from '../kernel/activity.ts';
import type { JsonObject } from '../kernel/canonical-json.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import type { PlatformRegistration } from '../kernel/platform.ts';
import type { SimulatedChat } from '../kernel/simulated-chat.ts';
import { demoLark, demoPeople, demoSlack, demoTeams } from './demo-data.ts';
import { type ChatAddress, ChatServer } from './remote-chat.ts';
import type { DemoConversation } from './seed-conversations.ts';

/** What of the settings decides; `config.ts` says what each means. */
export interface SimulatorSettings {
  dataDir: string;
  roles: readonly string[];
  slack: { apiUrl: string | null };
  lark: { apiUrl: string | null };
  graph: { apiUrl: string | null };
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
  /** Connector of the simulated Teams, and base of its Graph with the version; null: there is none. */
  teamsServiceUrl: string | null;
  teamsGraphUrl: string | null;
  /** Base of the Web API that the demo's Slack registration is spoken to at; null: at none. */
  slackApiUrl: string | null;
  /** Origin of the Open API, likewise. */
  larkApiUrl: string | null;
  /** Everybody's personal conversation with the bot, on every platform that was opened here. */
  conversations: readonly DemoConversation[];
  /** Tells the simulators where the server listens, and the data directory where they are. */
  connect(serverUrl: string): Promise<void>;
  close(): Promise<void>;
}

/** A simulator of one platform. */
interface Started {
  chat: SimulatedChat;
  apiUrl: string;
  references: ConversationReference[];
}

/** The same, around one registration of the demo. */
interface Opened extends Started {
  registrationId: string;
}

/** File of the data directory that says where the simulators are; there for as long as they are. */
export const addressFile = 'simulators.json';

/**
 * A Slack or Lark whose API URL is set to this machine has its simulator there already, and so has Graph; Teams itself is
 * told by every activity where it is, so that ours never stands in another one's way. A platform whose registration is
 * retired has none. Nobody reaches them in a process that serves no web.
 * @throws the listener's error
 */
export async function openSimulators(
  settings: SimulatorSettings,
  registrations: RegistrationReader,
  demoTenantId: string,
): Promise<DemoSimulators> {
  const given = {
    slack: localUrl(settings.slack.apiUrl),
    lark: localUrl(settings.lark.apiUrl),
    graph: localUrl(settings.graph.apiUrl),
  };
  const serves = settings.roles.includes('web');
  const find = async (platform: string, key: { appId: string; organization: string }) => {
    const found = serves ? await registrations.findByOrganization({ platform, ...key }) : null;
    return found?.tenantId === demoTenantId ? found : null;
  };
  const [teams, slack, lark] = await Promise.all([
    find('teams', demoTeams).then((found) => open(found, openTeams)),
    given.slack === null ? find('slack', demoSlack).then((found) => open(found, openSlack)) : null,
    given.lark === null ? find('lark', demoLark).then((found) => open(found, openLark)) : null,
  ]);
  const opened = [teams, slack, lark].filter((each) => each !== null);
  const server =
    opened.length === 0
      ? null
      : await ChatServer.open(new Map(opened.map(({ chat }) => [chat.platform, chat])));
  return {
    teamsServiceUrl: teams?.apiUrl ?? null,
    teamsGraphUrl: given.graph ?? teams?.graphUrl ?? null,
    slackApiUrl: given.slack ?? slack?.apiUrl ?? null,
    larkApiUrl: given.lark ?? lark?.apiUrl ?? null,
    conversations: opened.flatMap(({ chat, registrationId, references }) =>
      references.map((reference) => ({ platform: chat.platform, registrationId, reference })),
    ),
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
async function open<More extends Started>(
  registration: PlatformRegistration | null,
  start: (credentials: JsonObject) => Promise<More>,
): Promise<(More & Opened) | null> {
  if (registration === null) return null;
  const credentials = await registration.credentials().catch((error) => {
    if (error instanceof DeskbridgeError) return null;
    throw error;
  });
  if (credentials === null) return null;
  return { ...(await start(credentials)), registrationId: registration.registrationId };
}

/** The simulators are imported where they are opened: a server without demo never loads them. */
async function openTeams() {
  const { createPerson, startTeamsSimulator } = await import('../../bots/teams/simulator/index.ts');
  const { TeamsChat } = await import('../../bots/teams/simulator/simulated-chat.ts');
  const { appId, organization } = demoTeams;
  const simulator = await startTeamsSimulator({
    botEndpoint: '',
    organization,
    // Without a secret nothing is signed: the demo's door on loopback takes it so.
    apps: [{ appId, clientSecret: null }],
    people: demoPeople.map(({ key, name, aadObjectId }) => createPerson(key, name, aadObjectId)),
    botName,
  });
  const { serviceUrl, graphUrl } = simulator;
  return {
    chat: new TeamsChat(simulator, [{ key: 'demo', appId, organization }]),
    apiUrl: serviceUrl,
    graphUrl,
    references: demoPeople.map(({ key, aadObjectId }) => ({
      ...personal(organization, simulator.scene({ as: key }).conversation.id, aadObjectId),
      serviceUrl,
      botId: `28:${appId}`,
    })),
  };
}

async function openSlack(credentials: JsonObject) {
  const { createPerson, startSlackSimulator } = await import('../../bots/slack/simulator/index.ts');
  const { appId, organization } = demoSlack;
  const chat = await startSlackSimulator({
    apps: [
      {
        appId,
        name: botName,
        signingSecret: String(credentials.signing_secret),
        metadataEvents: ['deskbridge_message'],
        installations: [{ organization, botToken: String(credentials.bot_token) }],
      },
    ],
    organizations: [{ id: organization, name: 'Demo Desk' }],
    people: demoPeople.map(({ key, name, slackUserId }) => createPerson(key, name, slackUserId)),
  });
  const references = demoPeople.map(({ key, slackUserId }) => {
    const { conversation, installation } = chat.scene({ as: key });
    return { ...personal(organization, conversation.id, slackUserId), botId: installation.botUserId };
  });
  return { chat, apiUrl: chat.apiUrl, references };
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
  const references = demoPeople.map(({ key, larkOpenId }) =>
    personal(organization, chat.scene({ as: key }).chat.id, larkOpenId),
  );
  return { chat, apiUrl: chat.url, references };
}

function personal(
  organization: string,
  platformConversationId: string,
  platformUserId: string,
): ConversationReference {
  return {
    platformConversationId,
    type: 'personal',
    organization,
    platformUserId,
    serviceUrl: null,
    botId: null,
    channelId: null,
    threadId: null,
    locale: null,
  };
}

const botName = 'Deskbridge';

/** The URL if it leads to this machine; null otherwise. */
function localUrl(url: string | null): string | null {
  return url !== null && ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname) ? url : null;
}
