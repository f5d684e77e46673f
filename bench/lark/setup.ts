/** Lark: a sealed event of a direct message to an app of the store, beside an echo of the SDK's dispatcher. */
import { createPerson, type SimulatedApp } from '../../bots/lark/simulator/index.ts';
import type { InboundPlatform } from '../inbound-platform.ts';

/** An app of the store: a custom app is for one organization alone. */
export const larkApp: SimulatedApp = {
  appId: 'cli_benchmark',
  appSecret: 'secret of the benchmark app',
  encryptKey: 'encrypt key of the benchmark app',
  verificationToken: 'verification token of the benchmark app',
  type: 'isv',
};

const { appId, appSecret, encryptKey, verificationToken } = larkApp;

export const larkSetup: InboundPlatform = {
  id: 'lark',
  appId,
  workloads: [
    { id: 'new-ticket', goals: { 1: 1, 20: 1 } },
    { id: 'my-tickets', goals: { 1: 1, 20: 1 } },
  ],
  peers: [
    {
      id: 'lark-sdk',
      title: 'Lark SDK EventDispatcher: echo',
      file: 'sdk-echo.ts',
      path: '/events',
      bare: true,
      acknowledgesLast: true,
      usesDatabase: false,
      environment: ({ platformUrl }) => ({
        APP_ID: appId,
        APP_SECRET: appSecret,
        ENCRYPT_KEY: encryptKey,
        VERIFICATION_TOKEN: verificationToken,
        API_URL: platformUrl,
      }),
    },
  ],
  organizationOf: (slug) => slug,
  platformUserId: (key) => createPerson(key, '').platformUserId,
  registration: () => ({
    options: { app_type: 'isv', domain: 'lark' },
    credentials: {
      app_secret: appSecret,
      encrypt_key: encryptKey,
      verification_token: verificationToken,
    },
  }),
  path: (registrationId) => `/lark/events/${registrationId}`,
  settings: (platformUrl) => ({ DESKBRIDGE_LARK_API_URL: platformUrl }),
};
