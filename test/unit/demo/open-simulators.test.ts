/** The simulators of the demo: which are opened, what the data directory says of them, who reaches them. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demoLark, demoPeople, demoSlack, demoTeams } from '../../../src/demo/demo-data.ts';
import {
  addressFile,
  type DemoSimulators,
  openSimulators,
  readAddress,
} from '../../../src/demo/open-simulators.ts';
import { attachChat } from '../../../src/demo/remote-chat.ts';
import { DeskbridgeError } from '../../../src/kernel/errors.ts';
import type { PlatformRegistration } from '../../../src/kernel/platform.ts';

const credentials: Record<string, Record<string, string>> = {
  teams: { client_secret: 'client-secret' },
  slack: { signing_secret: 'signing-secret', bot_token: 'xoxb-demo' },
  lark: { app_secret: 'app-secret', encrypt_key: 'encrypt-key', verification_token: 'token' },
};

let dataDir: string;
let opened: DemoSimulators[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'deskbridge-simulators-'));
  opened = [];
});

afterEach(async () => {
  for (const simulators of opened) await simulators.close();
  await rm(dataDir, { recursive: true });
});

interface Situation {
  roles?: string[];
  slack?: string;
  lark?: string;
  graph?: string;
  /** Platforms whose registration is live. */
  live?: string[];
  tenantId?: string;
  open?: () => Promise<Record<string, string>>;
}

async function open(situation: Situation = {}): Promise<DemoSimulators> {
  const { live = ['teams', 'slack', 'lark'], tenantId = 'demo' } = situation;
  const simulators = await openSimulators(
    {
      dataDir,
      roles: situation.roles ?? ['web', 'worker'],
      slack: { apiUrl: situation.slack ?? null },
      lark: { apiUrl: situation.lark ?? null },
      graph: { apiUrl: situation.graph ?? null },
    },
    {
      findByOrganization: async ({ platform, appId, organization }) => {
        expect([demoTeams, demoSlack, demoLark]).toContainEqual({ appId, organization });
        if (!live.includes(platform)) return null;
        const registration: PlatformRegistration = {
          registrationId: `registration-${platform}`,
          tenantId,
          platform,
          appId,
          organization,
          options: {},
          demo: true,
          status: 'active',
          vouched: true,
          credentials: situation.open ?? (async () => credentials[platform] ?? {}),
          updateCredentials: () => Promise.reject(new Error('not expected here')),
        };
        return registration;
      },
    },
    'demo',
  );
  opened.push(simulators);
  return simulators;
}

describe('openSimulators', () => {
  it("opens all on loopback, with the demo's people", async () => {
    const simulators = await open();
    expect(simulators.teamsServiceUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/amer\//);
    expect(simulators.teamsGraphUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1\.0$/);
    expect(simulators.slackApiUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/api\/$/);
    expect(simulators.larkApiUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    await simulators.connect('http://127.0.0.1:9');
    const address = await readAddress(dataDir);
    if (address === null) throw new Error('there is no address');
    for (const [platform, id] of [
      ['teams', 'aaaaaaaa-0000-4000-8000-000000000002'],
      ['slack', 'U0DEMOBEN2'],
      ['lark', 'ou_demoben000000000002'],
    ] as const) {
      const seat = await attachChat(address, platform);
      const ben = seat.people.find(({ key }) => key === 'ben');
      expect(ben).toEqual({ key: 'ben', name: 'Ben Brook', platformUserId: id });
      expect(await seat.messages({ as: 'ben' })).toEqual([]);
      await seat.close();
    }
  });

  it('opens none where the registration is retired, broken or not of the demo', async () => {
    expect(await open({ live: ['lark'] })).toMatchObject({ slackApiUrl: null });
    expect(await open({ tenantId: 'other' })).toMatchObject({
      teamsServiceUrl: null,
      teamsGraphUrl: null,
      slackApiUrl: null,
      larkApiUrl: null,
      conversations: [],
    });
    const broken = () => Promise.reject(new DeskbridgeError('registration_misconfigured'));
    expect(await open({ open: broken })).toMatchObject({ slackApiUrl: null, larkApiUrl: null });
    await expect(open({ open: () => Promise.reject(new Error('no database')) })).rejects.toThrow('database');
  });

  it('leaves a platform to the simulator on this machine that it is set to, and to no other host', async () => {
    const simulators = await open({ slack: 'http://localhost:4003/api', lark: 'https://lark.example' });
    expect(simulators.slackApiUrl).toBe('http://localhost:4003/api');
    expect(simulators.larkApiUrl).toMatch(/^http:\/\/127\.0\.0\.1:/);
    await simulators.connect('http://127.0.0.1:9');
    const address = await readAddress(dataDir);
    if (address === null) throw new Error('there is no address');
    await expect(attachChat(address, 'slack')).rejects.toThrow('no simulated slack here');
  });

  it('leaves Graph where it is set to on this machine, and opens Teams all the same', async () => {
    const simulators = await open({ graph: 'http://127.0.0.1:4004/v1.0' });
    expect(simulators.teamsGraphUrl).toBe('http://127.0.0.1:4004/v1.0');
    expect(simulators.teamsServiceUrl).toMatch(/^http:\/\/127\.0\.0\.1:/);
    const elsewhere = await open({ graph: 'https://graph.example/v1.0' });
    expect(elsewhere.teamsGraphUrl).toMatch(/^http:\/\/127\.0\.0\.1:/);
  });

  it('names the conversation of everybody on every platform, at the address of this start', async () => {
    const { conversations, teamsServiceUrl } = await open();
    const idOf = { teams: 'aadObjectId', slack: 'slackUserId', lark: 'larkOpenId' } as const;
    for (const [platform, id] of Object.entries(idOf)) {
      const own = conversations.filter((each) => each.platform === platform);
      expect(own.map(({ reference }) => reference.platformUserId)).toEqual(
        demoPeople.map((person) => person[id]),
      );
      expect(new Set(own.map(({ reference }) => reference.platformConversationId)).size).toBe(5);
      expect(own.every(({ registrationId }) => registrationId === `registration-${platform}`)).toBe(true);
      expect(own[0]?.reference.serviceUrl).toBe(platform === 'teams' ? teamsServiceUrl : null);
    }
    // The same at the next start, so that what was put down before is found again.
    const again = await open();
    const ids = (all: typeof conversations) => all.map(({ reference }) => reference.platformConversationId);
    expect(ids(again.conversations)).toEqual(ids(conversations));
  });

  it('opens nothing in a process without the web', async () => {
    const simulators = await open({ roles: ['notifier', 'worker'], slack: 'http://127.0.0.1:4003' });
    expect(simulators).toMatchObject({ slackApiUrl: 'http://127.0.0.1:4003', larkApiUrl: null });
    await simulators.connect('http://127.0.0.1:9');
    expect(await readAddress(dataDir)).toBeNull();
  });
});

describe('the address file', () => {
  it('is for its owner alone, also where an old one was not, and goes with the simulators', async () => {
    const path = join(dataDir, addressFile);
    await writeFile(path, '{}', { mode: 0o644 });
    const simulators = await open({ live: ['lark'] });
    await simulators.connect('http://127.0.0.1:9');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await simulators.close();
    opened.pop();
    expect(await readAddress(dataDir)).toBeNull();
  });

  it('of another server on the directory is left alone', async () => {
    const first = await open({ live: ['lark'] });
    const second = await open({ live: ['slack'] });
    await first.connect('http://127.0.0.1:9');
    await second.connect('http://127.0.0.1:9');
    const written = await readFile(join(dataDir, addressFile), 'utf8');
    await first.close();
    opened.shift();
    expect(await readFile(join(dataDir, addressFile), 'utf8')).toBe(written);
  });
});
