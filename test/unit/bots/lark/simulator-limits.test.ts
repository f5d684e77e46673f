/** The published limits as the simulated Lark enforces them, and what it bears. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type LarkSimulator, startLarkSimulator } from '../../../../bots/lark/simulator/index.ts';

let simulator: LarkSimulator;
let token: string;
let now: number;

async function start(enforceLimits: boolean): Promise<void> {
  now = Date.parse('2026-03-01T12:00:00Z');
  const app = { appId: 'cli_a', appSecret: 's', encryptKey: 'k', verificationToken: 'v', type: 'custom' };
  simulator = await startLarkSimulator({
    apps: [{ ...app, type: 'custom' }],
    organizations: ['org'],
    clock: { now: () => new Date(now) },
    enforceLimits,
  });
  const body = JSON.stringify({ app_id: 'cli_a', app_secret: 's' });
  const url = `${simulator.url}/open-apis/auth/v3/tenant_access_token/internal`;
  const answer = (await (await fetch(url, { method: 'POST', body })).json()) as {
    tenant_access_token: string;
  };
  token = answer.tenant_access_token;
}

beforeEach(() => start(true));
afterEach(() => simulator.close());

const groups = Array.from({ length: 1100 }, (_, n) => `g${n}`);
const chatOf = (name: string) => simulator.scene({ place: { kind: 'group', name } }).chat.id;

async function post(name: string, more: object = {}) {
  const body = { receive_id: chatOf(name), msg_type: 'text', content: '{"text":"x"}', ...more };
  const response = await fetch(`${simulator.url}/open-apis/im/v1/messages?receive_id_type=chat_id`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  const { code } = (await response.json()) as { code: number };
  return { code, status: response.status, reset: response.headers.get('x-ogw-ratelimit-reset') };
}

it('lets 50 in a second pass, and refuses the next with a time to wait', async () => {
  for (const name of groups.slice(0, 50)) expect((await post(name)).code).toBe(0);
  expect(await post('one more')).toEqual({ code: 99991400, status: 400, reset: '1' });
  expect(simulator.postedByBot()).toHaveLength(50);
  now += 999;
  expect((await post('one more')).code).toBe(99991400);
  now += 1;
  expect((await post('one more')).code).toBe(0);
  simulator.clear();
  expect(simulator.violations()).toBe(2);
});

it('lets 1,000 in a minute pass', async () => {
  for (const [n, name] of groups.slice(0, 1000).entries()) {
    if (n % 50 === 0) now += 1000;
    expect((await post(name)).code).toBe(0);
  }
  now += 1000;
  expect(await post('one more')).toMatchObject({ code: 99991400, reset: '40' });
  now += 40_000;
  expect((await post('one more')).code).toBe(0);
  expect(simulator.violations()).toBe(1);
});

it('lets five a second into one group pass', async () => {
  for (let n = 0; n < 5; n += 1) expect((await post('same')).code).toBe(0);
  expect(await post('same')).toEqual({ code: 230020, status: 400, reset: null });
  expect((await post('other')).code).toBe(0);
  now += 1000;
  expect((await post('same')).code).toBe(0);
});

it('counts nothing unless it is told to', async () => {
  await simulator.close();
  await start(false);
  for (let n = 0; n < 60; n += 1) expect((await post('same')).code).toBe(0);
  expect(simulator.violations()).toBe(0);
});

it('bears 200 sends at a time, and shows them in their order with their tokens', async () => {
  await simulator.close();
  await start(false);
  const sent = groups.slice(0, 200);
  await Promise.all(sent.map((name) => post(name, { uuid: `uuid-${name}` })));
  const seen = simulator.postedByBot();
  expect(seen.map((message) => message.token).sort()).toEqual(sent.map((name) => `uuid-${name}`).sort());
  expect(seen.map(({ id }) => id)).toEqual(simulator.oracle.standing().map(({ id }) => id));
  expect(simulator.counts).toMatchObject({ send: 200, other: 0 });
});
