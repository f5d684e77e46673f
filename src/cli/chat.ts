/** `chat`: the terminal chat with the demo bot of the running server. */
import { type Command, Option } from 'commander';
import type { ShownAuditEvent } from '../demo/chat-audit.ts';
import { fixedLines, readLines } from '../demo/chat-lines.ts';
import { jsonView, textView } from '../demo/chat-view.ts';
import { demoPeople, demoSlug } from '../demo/demo-data.ts';
import { type ChatPlatform, chatPlatforms, openSeat } from '../demo/open-seat.ts';
import type { ChatSeat } from '../demo/remote-chat.ts';
import { ApiClient, dataDirectory, findServer, tenantPath } from './client.ts';
import { type CliContext, jsonOption } from './command.ts';
import { CliError, usageError } from './output.ts';

const chatOptionsHelp = `
The lines may come from a script, one message a line; each answer is waited for before the next:
  printf 'my tickets\\nassign 1 to me\\n' | npx deskbridge chat --as ann
The chat sits in the simulated Microsoft Teams, Slack or Lark of a server in demo mode: on this machine, with the
same DESKBRIDGE_DATA_DIR.`;

interface ChatFlags {
  as: string;
  on: ChatPlatform;
  once?: string;
  json?: boolean;
}

export function addChatCommand(program: Command, context: CliContext): void {
  const people = demoPeople.map(({ key }) => key);
  const command = program
    .command('chat')
    .description('talk with the demo bot in this terminal')
    .addOption(new Option('--as <person>', 'who you are').choices(people).default('ann'))
    .addOption(
      new Option('--on <platform>', 'where you are').choices(Object.keys(chatPlatforms)).default('teams'),
    )
    .option('--once <message>', 'send one message, print the answer and leave')
    .addHelpText('after', chatOptionsHelp);
  jsonOption(command).action(async () => {
    context.exitCode = await runChat(context, command.opts<ChatFlags>());
  });
}

async function runChat({ io }: CliContext, { as, on, once, json }: ChatFlags): Promise<0 | 1> {
  if (once?.trim() === '') throw usageError('--once takes a message', 'For example --once help');
  const api = new ApiClient(await findServer(io.env));
  // Before anything is asked: whether there is a server at all.
  await api.request('GET', '/healthz');
  const seat = await findSeat(on, dataDirectory(io.env));
  const { chat } = await import('../demo/chat.ts');
  const lines = once === undefined ? readLines(io.stdin, io.stdout) : fixedLines([once]);
  return await chat({
    seat,
    platformName: chatPlatforms[on],
    as,
    lines,
    view: json === true ? jsonView(io) : textView(io),
    echo: once === undefined && !lines.interactive,
    readAudit: async (limit) => {
      const { items } = await api.list(tenantPath(demoSlug, 'audit-events'), limit);
      return items as unknown as ShownAuditEvent[];
    },
  });
}

/** @throws CliError when there is none */
async function findSeat(platform: ChatPlatform, dataDir: string): Promise<ChatSeat> {
  try {
    return await openSeat(platform, dataDir);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new CliError({
      title: `The chat on ${chatPlatforms[platform]} cannot begin`,
      code: 'unavailable',
      detail,
    });
  }
}
