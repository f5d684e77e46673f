/** The demo's people are reached on every platform before they said a word, also after a start anew. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compose, type Running } from '../../../src/compose.ts';
import { readConfig } from '../../../src/config.ts';
import { readAddress } from '../../../src/demo/open-simulators.ts';
import { attachChat, type ChatSeat } from '../../../src/demo/remote-chat.ts';
import type { SeenMessage } from '../../../src/kernel/simulated-chat.ts';
import { createTestDatabase, type TestDatabase } from '../../support/databases.ts';
import { silentLog } from '../../support/log.ts';

let test: TestDatabase;
let dataDir: string;
let running: Running;

async function start(): Promise<Running> {
  return await compose({
    config: readConfig({ PORT: '0', DESKBRIDGE_DATA_DIR: dataDir }),
    ownerUrl: test.ownerUrl,
    adminToken: 'operator-token-for-tests',
    secretKeys: [Buffer.alloc(32, 9)],
    log: silentLog,
  });
}

beforeAll(async () => {
  test = await createTestDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'deskbridge-seed-'));
  running = await start();
});

afterAll(async () => {
  await running.close();
  await test.drop();
  await rm(dataDir, { recursive: true });
});

interface Row {
  conversation_id: string;
  platform: string;
  platform_user_id: string;
  service_url: string | null;
  state: string;
  last_activity_at: Date;
}

async function conversations(): Promise<Row[]> {
  return await running.services.database.maintenance.query<Row>(
    `select conversation_id, platform, platform_user_id, service_url, state, last_activity_at from conversations
      order by last_activity_at desc, platform_user_id`,
  );
}

/** Sends an announcement to Ann's conversation of that platform. @returns what she then sees there */
async function announce(platform: string, title: string): Promise<string> {
  const address = await readAddress(dataDir);
  if (address === null) throw new Error('there are no simulators');
  const seat = await attachChat(address, platform);
  const ann = seat.people.find(({ key }) => key === 'ann');
  const row = (await conversations()).find(
    ({ platform_user_id }) => platform_user_id === ann?.platformUserId,
  );
  const response = await fetch(`${running.url}/v1/tenants/demo/notifications`, {
    method: 'POST',
    headers: { authorization: 'Bearer operator-token-for-tests', 'content-type': 'application/json' },
    body: JSON.stringify({
      category: 'announcement',
      message: { title, text: 'Lunch is at noon' },
      to: [{ conversation: row?.conversation_id }],
    }),
  });
  expect(response.status).toBe(202);
  const text = await see(seat, title);
  await seat.close();
  return text;
}

async function see(seat: ChatSeat, title: string): Promise<string> {
  const known: SeenMessage[] = [];
  for (;;) {
    const message = await seat.nextMessage({ as: 'ann' }, known, 10_000);
    if (message.text.includes(title)) return message.text;
    known.push(message);
  }
}

it('gives each of the five a conversation on each platform, Teams first, and leaves no audit rows', async () => {
  const rows = await conversations();
  const platforms = rows.map(({ platform }) => platform);
  expect(platforms).toEqual(['teams', 'slack', 'lark'].flatMap((name) => Array(5).fill(name)));
  expect(rows.every(({ state }) => state === 'active')).toBe(true);
  const audit = await running.services.database.maintenance.query('select 1 from audit_events');
  expect(audit).toEqual([]);
});

it.each(['teams', 'slack', 'lark'])(
  'lets a message reach Ann on %s before she said a word',
  async (platform) => {
    expect(await announce(platform, `Hello on ${platform}`)).toContain('Lunch is at noon');
  },
);

it('is at the new address after a start anew, and remembers when somebody was last heard', async () => {
  const { database } = running.services;
  await database.maintenance.execute(
    `update conversations set last_activity_at = '2026-01-01', state = 'retired' where platform = 'slack'`,
  );
  const before = await conversations();
  await running.close();
  running = await start();
  const after = await conversations();
  expect(after.map(({ conversation_id }) => conversation_id)).toEqual(
    before.map(({ conversation_id }) => conversation_id),
  );
  expect(after.map(({ last_activity_at }) => last_activity_at)).toEqual(
    before.map(({ last_activity_at }) => last_activity_at),
  );
  expect(after.every(({ state }) => state === 'active')).toBe(true);
  expect(after[0]?.service_url).not.toBe(before[0]?.service_url);
  expect(await announce('teams', 'Hello again')).toContain('Lunch is at noon');
});
