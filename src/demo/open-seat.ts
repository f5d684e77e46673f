/** Finds the terminal chat a seat on a platform: in one of the simulators that the server opened. */
import { readAddress } from './open-simulators.ts';
import { attachChat, type ChatSeat } from './remote-chat.ts';

/** The platforms of the chat, with their names as people write them. */
export const chatPlatforms = { teams: 'Teams', slack: 'Slack', lark: 'Lark' } as const;
export type ChatPlatform = keyof typeof chatPlatforms;

/**
 * The server's own simulators hold the secrets, the conversations and what was said in them so far.
 * @param dataDir the server's data directory
 * @throws Error with a sentence for the person when there is no seat
 */
export async function openSeat(platform: ChatPlatform, dataDir: string): Promise<ChatSeat> {
  const name = chatPlatforms[platform];
  const address = await readAddress(dataDir);
  if (address === null) {
    throw new Error(
      `There is no simulated ${name} in ${dataDir}: chat needs a server in demo mode (DESKBRIDGE_DEMO=1) that runs on this machine with the same DESKBRIDGE_DATA_DIR.`,
    );
  }
  return await attachChat(address, platform);
}
