/** The peer: a bot of Vercel's Chat SDK as its documentation has it, for many workspaces, with its PostgreSQL state. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSlackAdapter } from '@chat-adapter/slack';
import { createPostgresState } from '@chat-adapter/state-pg';
import { type Adapter, Chat, ConsoleLogger } from 'chat';
import { Pool } from 'pg';
import { benchTenants, tenantCounts } from '../inbound-platform.ts';
import { slackSetup } from './setup.ts';

const { PORT = '', SIGNING_SECRET = '', API_URL = '', DATABASE_URL = '' } = process.env;

const logger = new ConsoleLogger('warn');
const pool = new Pool({ connectionString: DATABASE_URL });
const slack = createSlackAdapter({
  logger,
  signingSecret: SIGNING_SECRET,
  apiUrl: API_URL,
  // Many workspaces, whose tokens are at hand.
  installationProvider: {
    getInstallation: async (id) => ({ botToken: `xoxb-${id}`, botUserId: 'U0BOT' }),
  },
});
const bot = new Chat({
  userName: 'deskbridge',
  logger,
  // Its own types do not agree where optional properties are exact.
  adapters: { slack: slack as unknown as Adapter },
  state: createPostgresState({ client: pool, logger }),
});
bot.onDirectMessage(async (thread, message) => {
  await thread.post(`Echo: ${message.text}`);
});
await bot.initialize();
await rememberEverybody();

/**
 * The SDK reads the profile of whoever writes, and keeps it for eight days. People of a service desk are nearly always
 * known, so they are here: with a call of `users.info` at each message the figures would be worse.
 */
async function rememberEverybody(): Promise<void> {
  const keys = tenantCounts.flatMap(benchTenants).flatMap(({ slug, people }) => {
    const organization = slackSetup.organizationOf(slug);
    return people.map(({ key }) => `slack:user:${organization}:${slackSetup.platformUserId(key)}`);
  });
  await pool.query(
    `insert into chat_state_cache (key_prefix, cache_key, value, expires_at)
     select 'chat-sdk', key, $2, now() + interval '8 days' from unnest($1::text[]) as key`,
    [keys, JSON.stringify({ displayName: 'person', realName: 'A Person' })],
  );
  await pool.query('vacuum (analyze) chat_state_cache');
}

/** The SDK takes web requests, and acknowledges before it has done the work, which goes on in this process. */
async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const headers = new Headers(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  const body = request.method === 'POST' ? Buffer.concat(chunks).toString() : null;
  const incoming = new Request(`http://127.0.0.1${request.url}`, {
    method: request.method ?? 'GET',
    headers,
    body,
  });
  const answer = await slack.handleWebhook(incoming);
  const text = await answer.text();
  response.writeHead(answer.status, { 'content-length': Buffer.byteLength(text) }).end(text);
}

createServer((request, response) => {
  receive(request, response).catch((error) => {
    console.error(error);
    response.writeHead(500, { 'content-length': 0 }).end();
  });
}).listen(Number(PORT), '127.0.0.1');
