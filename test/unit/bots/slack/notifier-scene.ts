/** One simulated workspace and a runtime that notifies people in it, for the tests of deliveries. */
import { createSlackRuntime } from '../../../../bots/slack/runtime.ts';
import { type SlackSimulator, startSlackSimulator } from '../../../../bots/slack/simulator/index.ts';
import type { Message } from '../../../../src/kernel/message.ts';
import type { OutboundDelivery, UnknownSend } from '../../../../src/kernel/notification.ts';
import type { BotRuntime, PlatformRegistration } from '../../../../src/kernel/platform.ts';
import { silentLog } from '../../../support/log.ts';
import { testDirectory, testRegistration } from '../../../support/registration.ts';

export const token = '019a9c1e-0000-7000-8000-000000000001';
export const message: Message = {
  title: 'Ticket #1001',
  text: 'Printer is *broken* & burning',
  facts: [{ label: 'Client', value: 'Acme' }],
};

export interface Scene {
  simulator: SlackSimulator;
  runtime: BotRuntime;
  registration: PlatformRegistration;
  /** Ann, by her user id. */
  ann: string;
  /** Her direct conversation with the bot. */
  direct: string;
  /** A channel with the bot in it. */
  channel: string;
  /** The simulator's clock and the runtime's, moved by hand; a stopped clock stands still. */
  clock: { now(): Date; move(ms: number): void };
  delivery(fields?: Partial<OutboundDelivery>): OutboundDelivery;
  /** A runtime that remembers nothing of the other. */
  restarted(): BotRuntime;
  close(): Promise<void>;
}

/** @param scopes of the bot's token; everything without them */
export async function startScene(scopes?: string): Promise<Scene> {
  let offset = 0;
  const clock = {
    now: () => new Date(Date.now() + offset),
    move: (ms: number) => {
      offset += ms;
    },
  };
  const simulator = await startSlackSimulator({
    clock,
    organizations: [{ id: 'T0ACME', name: 'Acme' }],
    apps: [
      {
        appId: 'A0DESK00001',
        signingSecret: 's',
        metadataEvents: ['deskbridge_message'],
        installations: [{ organization: 'T0ACME', botToken: 'xoxb-acme' }],
      },
    ],
    botEndpoint: 'http://127.0.0.1:1/slack/events',
  });
  const installation = simulator.world.installation();
  const botToken =
    scopes === undefined ? 'xoxb-acme' : simulator.tokens.issue(installation, scopes).access_token;
  const { conversation } = simulator.scene({ place: { kind: 'channel', name: 'ops' } });
  conversation.members.add(installation.botUserId);
  const person = simulator.world.person('ann');
  const ann = person.platformUserId;
  const registration = testRegistration({
    platform: 'slack',
    appId: 'A0DESK00001',
    organization: 'T0ACME',
    credentials: async () => ({ signing_secret: 's', bot_token: botToken }),
  });
  const create = () =>
    createSlackRuntime({
      apps: testDirectory([]),
      clock,
      log: silentLog,
      settings: { apiUrl: simulator.apiUrl, demoApiUrl: null },
    });
  const runtimes = [create()];
  const [runtime] = runtimes;
  if (runtime === undefined) throw new Error('no runtime');
  return {
    simulator,
    runtime,
    registration,
    ann,
    direct: simulator.world.personalChat(installation, person).id,
    channel: conversation.id,
    clock,
    delivery: (fields = {}) => ({
      registration,
      destination: { type: 'slack_dm', id: ann },
      reference: null,
      message,
      token,
      reduced: false,
      timeoutMs: 2000,
      ...fields,
    }),
    restarted() {
      const other = create();
      runtimes.push(other);
      return other;
    },
    async close() {
      for (const one of runtimes) await one.close();
      await simulator.close();
    },
  };
}

/** A try that started now and is over. */
export function sendAt(at: Date, tookMs = 100): UnknownSend {
  return { firstStartedAt: at, startedAt: at, notAfter: new Date(at.getTime() + tookMs) };
}
