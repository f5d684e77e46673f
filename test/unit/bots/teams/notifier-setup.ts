/** A runtime before the simulated Teams, and deliveries for it. */
import { createTeamsRuntime } from '../../../../bots/teams/runtime.ts';
import {
  type By,
  channel,
  groupChat,
  startTeamsSimulator,
  type TeamsSimulator,
} from '../../../../bots/teams/simulator/index.ts';
import type { ConversationReference } from '../../../../src/kernel/activity.ts';
import type { OutboundDelivery, UnknownSend } from '../../../../src/kernel/notification.ts';
import type { BotRuntime, PlatformRegistration } from '../../../../src/kernel/platform.ts';
import { testDirectory, testRegistration } from '../../../support/registration.ts';

export const appId = '0c9a1f5e-7d1b-4a52-9d0e-5f0c7a3b2e11';
export const organization = '8f1c2d3e-4b5a-4c6d-8e7f-9a0b1c2d3e4f';
const silent = { debug() {}, info() {}, warn() {}, error() {} };

export interface Setup {
  simulator: TeamsSimulator;
  runtime: BotRuntime;
  close(): Promise<void>;
}

export type SetupOptions = Partial<Parameters<typeof startTeamsSimulator>[0]> & {
  settings?: Record<string, string | string[] | null>;
};

export async function startSetup({ settings, ...options }: SetupOptions = {}): Promise<Setup> {
  const simulator = await startTeamsSimulator({
    botEndpoint: 'http://127.0.0.1:1/',
    organization,
    apps: [{ appId, clientSecret: 'right' }],
    ...options,
  });
  const runtime = createTeamsRuntime({
    apps: testDirectory([]),
    clock: { now: () => new Date() },
    log: silent,
    settings: {
      openIdUrl: null,
      loginUrl: simulator.loginUrl,
      serviceHosts: [new URL(simulator.url).host],
      demoAppId: null,
      serviceUrl: simulator.firstServiceUrl,
      graphApiUrl: simulator.graphUrl,
      graphLoginUrl: simulator.loginUrl,
      demoServiceUrl: null,
      demoGraphUrl: null,
      ...settings,
    },
  });
  const close = async () => {
    await runtime.close();
    await simulator.close();
  };
  return { simulator, runtime, close };
}

export function registration(fields: Partial<PlatformRegistration> = {}): PlatformRegistration {
  return testRegistration({
    platform: 'teams',
    appId,
    organization,
    options: { app_type: 'single_tenant', cloud: 'public' },
    credentials: async () => ({ client_secret: 'right' }),
    ...fields,
  });
}

/** The reference that an activity in this place brings. */
export function referenceTo(
  { simulator }: Setup,
  by: By = {},
  fields: Partial<ConversationReference> = {},
): ConversationReference {
  const { conversation, person, serviceUrl } = simulator.scene(by);
  const type = ({ personal: 'personal', groupChat: 'group', channel: 'channel' } as const)[conversation.type];
  return {
    platformConversationId: conversation.id,
    type,
    organization,
    platformUserId: type === 'personal' ? person.aadObjectId : null,
    serviceUrl,
    botId: `28:${appId}`,
    channelId: conversation.groupId ?? null,
    threadId: null,
    locale: null,
    ...fields,
  };
}

/** To Ann's chat, unless `fields` say otherwise. */
export function deliveryTo(setup: Setup, fields: Partial<OutboundDelivery> = {}): OutboundDelivery {
  return {
    registration: registration(),
    destination: { type: 'teams_chat', id: setup.simulator.person('ann').aadObjectId },
    reference: referenceTo(setup),
    message: {
      title: 'Ticket #1001',
      text: 'Printer is broken',
      facts: [{ label: 'Client', value: 'Contoso' }],
    },
    token: '0190a0b0-0000-7000-8000-000000000001',
    reduced: false,
    timeoutMs: 2000,
    ...fields,
  };
}

export function toFeed(setup: Setup, fields: Partial<OutboundDelivery> = {}): OutboundDelivery {
  const { aadObjectId } = setup.simulator.person('ann');
  const destination = { type: 'teams_feed', id: aadObjectId } as const;
  return deliveryTo(setup, { destination, reference: null, ...fields });
}

export function toChannel(setup: Setup, fields: Partial<OutboundDelivery> = {}): OutboundDelivery {
  const reference = referenceTo(setup, { conversation: channel('ops', '17') }, { threadId: '17' });
  const destination = { type: 'teams_channel', id: reference.platformConversationId } as const;
  return deliveryTo(setup, { destination, reference, ...fields });
}

export function toGroup(setup: Setup, fields: Partial<OutboundDelivery> = {}): OutboundDelivery {
  const reference = referenceTo(setup, { conversation: groupChat('night shift') });
  const destination = { type: 'teams_chat', id: reference.platformConversationId } as const;
  return deliveryTo(setup, { destination, reference, ...fields });
}

/** A send that is over since a moment. */
export function justNow(): UnknownSend {
  const now = Date.now();
  const startedAt = new Date(now - 6_000);
  return { firstStartedAt: startedAt, startedAt, notAfter: new Date(now - 1_000) };
}
