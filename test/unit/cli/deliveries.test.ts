/** `deliveries` and `group` against a server of the test. */
import { afterEach, describe, expect, it } from 'vitest';
import { run } from './run.ts';
import { type Answering, answering } from './server.ts';

const opened: Answering[] = [];

async function server(answer: Parameters<typeof answering>[0]): Promise<Answering> {
  const started = await answering(answer);
  opened.push(started);
  return started;
}

afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

const item = (over: Record<string, unknown> = {}) => ({
  delivery_id: 'd1',
  notification_id: 'n1',
  category: 'announcement',
  user_id: 'u1',
  destination: { type: 'slack_dm', id: 'U1' },
  status: 'queued',
  reason: null,
  error_code: null,
  error_message: null,
  attempts: 0,
  created_at: '2026-11-21T09:00:00.000Z',
  sent_at: null,
  remedy: null,
  log: [],
  fallbacks: [],
  ...over,
});

describe('deliveries', () => {
  it('lists by every filter', async () => {
    const { url, asked } = await server(({ url: path }) =>
      path.includes('/users')
        ? { body: { items: [{ user_id: 'u1' }], next_cursor: null } }
        : { body: { items: [item({ status: 'skipped', reason: 'muted' })], next_cursor: null } },
    );
    const { code, stdout } = await run(
      [
        ...['deliveries', '-t', 'acme', '--status', 'skipped', '--platform', 'slack', '--category', 'test'],
        ...[
          '--reason',
          'muted',
          '--error-code',
          'throttled',
          '--notification',
          'n1',
          '--user',
          'ann@acme.test',
        ],
        ...['--since', '2026-11-21T09:00:00Z', '--until', '2026-11-22T09:00:00Z'],
      ],
      { DESKBRIDGE_URL: url },
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^MADE +CATEGORY +DESTINATION +STATUS +ATTEMPTS +ID\n/);
    expect(stdout).toContain('slack_dm U1  skipped muted  0         d1');
    const query = Object.fromEntries(new URL(asked[1]?.url ?? '', 'http://x').searchParams);
    expect(query).toEqual({
      status: 'skipped',
      platform: 'slack',
      category: 'test',
      reason: 'muted',
      error_code: 'throttled',
      notification_id: 'n1',
      user: 'u1',
      since: '2026-11-21T09:00:00.000Z',
      until: '2026-11-22T09:00:00.000Z',
      limit: '50',
    });
  });

  it('shows one with its attempts, what to do and what followed', async () => {
    const failed = item({
      status: 'failed',
      error_code: 'not_found',
      error_message: 'channel_not_found',
      remedy: 'Check the address.',
      log: [{ attempt: 1, at: '2026-11-21T09:00:01.000Z', outcome: 'rejected', error_code: 'not_found' }],
      fallbacks: [item({ delivery_id: 'd2', destination: { type: 'teams_chat', id: 'a1' }, status: 'sent' })],
    });
    const { url, asked } = await server(() => ({ body: failed }));
    const { code, stdout } = await run(['deliveries', 'show', 'd1', '-t', 'acme'], { DESKBRIDGE_URL: url });
    expect(code).toBe(0);
    expect(asked[0]).toMatchObject({ method: 'GET', url: '/v1/tenants/acme/deliveries/d1' });
    expect(stdout).toMatch(/^status +failed not_found$/m);
    expect(stdout).toMatch(/^1 .* rejected +not_found/m);
    expect(stdout).toContain('\n\nCheck the address.\n\nThen tried by d2: teams_chat a1, sent\n');
  });

  it.each([
    [['retry', 'd1'], 'retry', {}],
    [['cancel', 'd1'], 'cancel', {}],
    [
      ['resolve', 'd1', '--outcome', 'sent', '--note', 'Ann saw it'],
      'resolve',
      { outcome: 'sent', note: 'Ann saw it' },
    ],
    [['resolve', 'd1', '--outcome', 'not_sent'], 'resolve', { outcome: 'not_sent' }],
  ])('%j changes it', async (args, verb, body) => {
    const { url, asked } = await server(() => ({ body: item({ status: 'queued' }) }));
    const { code, stdout } = await run(['deliveries', ...args, '-t', 'acme', '--json'], {
      DESKBRIDGE_URL: url,
    });
    expect(code).toBe(0);
    expect(asked).toMatchObject([{ method: 'POST', url: `/v1/tenants/acme/deliveries/d1/${verb}`, body }]);
    expect(JSON.parse(stdout)).toMatchObject({ delivery_id: 'd1' });
  });

  it.each([
    [['resolve', 'd1']],
    [['resolve', 'd1', '--outcome', 'maybe']],
    [['--status', 'lost']],
    [['show']],
  ])('%j is called wrongly', async (args) => {
    const { url, asked } = await server(() => ({ body: {} }));
    expect((await run(['deliveries', ...args, '-t', 'acme'], { DESKBRIDGE_URL: url })).code).toBe(2);
    expect(asked).toEqual([]);
  });

  it('--follow prints what is new or changed, oldest first, until the server ends it', async () => {
    const pages = [
      [item({ delivery_id: 'd2' }), item({ delivery_id: 'd1' })],
      [item({ delivery_id: 'd3' }), item({ delivery_id: 'd2', status: 'sent' }), item({ delivery_id: 'd1' })],
    ];
    const { url } = await server(() => {
      const items = pages.shift();
      return items === undefined
        ? { status: 401, body: { title: 'Authentication is missing', code: 'unauthorized' } }
        : { body: { items, next_cursor: null } };
    });
    const { code, stdout } = await run(['deliveries', '-t', 'acme', '--follow', '--json'], {
      DESKBRIDGE_URL: url,
    });
    expect(code).toBe(1);
    const printed = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { delivery_id: string; status: string });
    expect(printed.map(({ delivery_id, status }) => `${delivery_id} ${status}`)).toEqual([
      'd1 queued',
      'd2 queued',
      'd2 sent',
      'd3 queued',
    ]);
  });
});

describe('group', () => {
  it('is made of people by their addresses, and found by its name', async () => {
    const groupId = '00000000-0000-7000-8000-00000000000a';
    const { url, asked } = await server(({ method, url: path }) => {
      if (path.includes('/users')) return { body: { items: [{ user_id: 'u1' }], next_cursor: null } };
      if (method === 'GET')
        return { body: { items: [{ group_id: groupId, name: 'on call' }], next_cursor: null } };
      return { body: { group_id: groupId, name: 'on call', member_count: 1 } };
    });
    const env = { DESKBRIDGE_URL: url };
    const made = await run(
      ['group', 'create', '-t', 'acme', '--name', 'on call', '--member', 'ann@acme.test'],
      env,
    );
    expect(made.stdout).toMatch(/^group +on call\nmembers +1\n/);
    expect(asked[1]).toMatchObject({ method: 'POST', body: { name: 'on call', members: ['u1'] } });
    expect((await run(['group', 'update', 'on call', '-t', 'acme', '--member', 'u9'], env)).code).toBe(0);
    expect(asked.at(-1)).toMatchObject({
      method: 'PATCH',
      url: `/v1/tenants/acme/groups/${groupId}`,
      body: { members: ['u9'] },
    });
    expect((await run(['group', 'delete', 'other', '-t', 'acme'], env)).code).toBe(1);
  });
});
