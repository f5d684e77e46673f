/** Finds the terminal chat a seat on a platform: a Teams of its own, or the simulators that the server opened. */
import { demoPeople, demoTeams } from './demo-data.ts';
import { readAddress } from './open-simulators.ts';
import { attachChat, type ChatSeat } from './remote-chat.ts';

/** The platforms of the chat, with their names as people write them. */
export const chatPlatforms = { teams: 'Teams', slack: 'Slack', lark: 'Lark' } as const;
export type ChatPlatform = keyof typeof chatPlatforms;

export interface SeatOptions {
  /** Origin of the running server. */
  serverUrl: string;
  /** The server's data directory. */
  dataDir: string;
}

/** @throws Error with a sentence for the person when there is no seat */
export async function openSeat(platform: ChatPlatform, options: SeatOptions): Promise<ChatSeat> {
  return platform === 'teams' ? await openTeams(options) : await attach(platform, options);
}

/** The server takes what comes from a Teams on this machine, whoever opened it. */
async function openTeams({ serverUrl }: SeatOptions): Promise<ChatSeat> {
  const { createPerson, startTeamsSimulator } = await import('../../bots/teams/simulator/index.ts');
  const { TeamsChat } = await import('../../bots/teams/simulator/simulated-chat.ts');
  const { appId, organization } = demoTeams;
  const simulator = await startTeamsSimulator({
    botEndpoint: '',
    organization,
    // Without a secret nothing is signed: the demo's door on loopback takes it so.
    apps: [{ appId, clientSecret: null }],
    people: demoPeople.map(({ key, name, aadObjectId }) => createPerson(key, name, aadObjectId)),
  });
  const seat = new TeamsChat(simulator, [{ key: 'demo', appId, organization }]);
  seat.connect(serverUrl);
  return seat;
}

/** Slack and Lark sign what they send, with secrets that only the server's own simulators have. */
async function attach(platform: 'slack' | 'lark', { dataDir }: SeatOptions): Promise<ChatSeat> {
  const name = chatPlatforms[platform];
  const address = await readAddress(dataDir);
  if (address === null) {
    throw new Error(
      `There is no simulated ${name} in ${dataDir}: chat needs a server in demo mode (DESKBRIDGE_DEMO=1) that runs on this machine with the same DESKBRIDGE_DATA_DIR.`,
    );
  }
  return await attachChat(address, platform);
}
