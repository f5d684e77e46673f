/** The peer: a bot of the Bot Framework SDK as its samples have it, which validates tokens and echoes what it hears. */
import { CloudAdapter, ConfigurationBotFrameworkAuthentication } from 'botbuilder';
import { PasswordServiceClientCredentialFactory } from 'botframework-connector';
import express from 'express';

const { PORT = '', APP_ID = '', APP_SECRET = '', TENANT_ID = '', OPENID_URL = '' } = process.env;

/**
 * The SDK's own sign-in refuses a login URL without TLS, so a constant token stands for one that is cached, which is
 * what the SDK has at nearly every send.
 */
class LocalCredentials extends PasswordServiceClientCredentialFactory {
  override async createCredentials() {
    return {
      signRequest: async (request: { headers: { set(name: string, value: string): void } }) => {
        request.headers.set('authorization', 'Bearer local');
        return request;
      },
    } as never;
  }
}

const authentication = new ConfigurationBotFrameworkAuthentication(
  {
    MicrosoftAppId: APP_ID,
    MicrosoftAppPassword: APP_SECRET,
    MicrosoftAppType: 'SingleTenant',
    MicrosoftAppTenantId: TENANT_ID,
    ToBotFromChannelOpenIdMetadataUrl: OPENID_URL,
    ToBotFromEmulatorOpenIdMetadataUrl: OPENID_URL,
    ToBotFromChannelTokenIssuer: 'https://api.botframework.com',
    ToChannelFromBotOAuthScope: 'https://api.botframework.com',
    ToChannelFromBotLoginUrl: 'https://login.microsoftonline.com/botframework.com',
    OAuthUrl: 'https://token.botframework.com',
    CallerId: '',
    ValidateAuthority: 'true',
  },
  new LocalCredentials(APP_ID, APP_SECRET, TENANT_ID),
);
const adapter = new CloudAdapter(authentication);

const app = express();
app.use(express.json());
app.post('/api/messages', async (request, response) => {
  await adapter.process(request, response, async (context) => {
    if (context.activity.type === 'message') await context.sendActivity(`Echo: ${context.activity.text}`);
  });
});
app.listen(Number(PORT), '127.0.0.1');
