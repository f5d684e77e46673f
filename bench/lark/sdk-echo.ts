/** The peer: a bot of Lark's SDK as its samples have it, which echoes what it hears; an app of the store. */
import {
  AppType,
  adaptExpress,
  Client,
  EventDispatcher,
  LoggerLevel,
  withTenantKey,
} from '@larksuiteoapi/node-sdk';
import express from 'express';

const { PORT = '', APP_ID = '', APP_SECRET = '', API_URL = '' } = process.env;
const { ENCRYPT_KEY = '', VERIFICATION_TOKEN = '' } = process.env;

const loggerLevel = LoggerLevel.warn;
const client = new Client({
  appId: APP_ID,
  appSecret: APP_SECRET,
  appType: AppType.ISV,
  domain: API_URL,
  loggerLevel,
});
// It takes the app_ticket by itself.
const dispatcher = new EventDispatcher({
  encryptKey: ENCRYPT_KEY,
  verificationToken: VERIFICATION_TOKEN,
  loggerLevel,
}).register({
  'im.message.receive_v1': async ({ message, tenant_key = '' }) => {
    const { text } = JSON.parse(message.content) as { text: string };
    const content = JSON.stringify({ text: `Echo: ${text}` });
    await client.im.message.reply(
      { path: { message_id: message.message_id }, data: { msg_type: 'text', content } },
      withTenantKey(tenant_key),
    );
    return {};
  },
});

const app = express();
app.post('/events', adaptExpress(dispatcher, { autoChallenge: true }));
app.listen(Number(PORT), '127.0.0.1');
