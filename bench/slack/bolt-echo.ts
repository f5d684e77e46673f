/** The peer: a Bolt app as its samples have it, which checks signatures and echoes what it hears. */
import bolt from '@slack/bolt';

const { PORT = '', SIGNING_SECRET = '', API_URL = '' } = process.env;

const receiver = new bolt.ExpressReceiver({ signingSecret: SIGNING_SECRET, logLevel: bolt.LogLevel.WARN });
const app = new bolt.App({
  receiver,
  logLevel: bolt.LogLevel.WARN,
  clientOptions: { slackApiUrl: API_URL },
  // Many workspaces, whose tokens are at hand.
  authorize: async ({ teamId }) => ({ botToken: `xoxb-${teamId}`, botId: 'B0BOT', botUserId: 'U0BOT' }),
});
app.message(async ({ message, say }) => {
  if ('text' in message) await say(`Echo: ${message.text}`);
});
receiver.app.listen(Number(PORT), '127.0.0.1');
