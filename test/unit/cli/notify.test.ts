/** `notify` against a server of the test: what it asks for, how it waits, and how it ends. */
import { afterEach, describe, expect, it } from 'vitest';
import { run } from './run.ts';
import { type Answering, type Asked, answering } from './server.ts';

const opened: Answering[] = [];

async function server(answer: Parameters<typeof answering>[0]): Promise<Answering> {
  const started = await answering(answer);
  opened.push(started);
  return started;
}

afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

const groupId = '00000000-0000-7000-8000-00000000000a';
const says = ['--title', 'Maintenance', '--text', 'Tonight'];

/** Answers the look-ups of people and groups; the rest is the test's. */
function desk(rest: (asked: Asked) => { status?: number; body?: unknown }) {
  return (asked: Asked) => {
    const { pathname } = new URL(asked.url, 'http://x');
    if (pathname.endsWith('/users')) return { body: { items: [{ user_id: 'u7' }], next_cursor: null } };
    if (pathname.endsWith('/groups')) {
      return { body: { items: [{ group_id: groupId, name: 'on call' }], next_cursor: null } };
    }
    return rest(asked);
  };
}

const counts = (over: Record<string, number>) => ({
  queued: 0,
  sent: 0,
  delivered: 0,
  failed: 0,
  skipped: 0,
  ...over,
});

describe('notify', () => {
  it('sends what the API takes', async () => {
    const { url, asked } = await server(
      desk(() => ({ status: 202, body: { notification_id: 'n1', recipients: 5, deliveries: [] } })),
    );
    const { code, stdout } = await run(
      [
        ...['notify', '-t', 'acme', ...says, '--category', 'escalation', '--high', '--collapse-key', 'k'],
        ...['--to', 'user:ann@acme.test', '--to', 'group:on call', '--to', 'everyone'],
        ...['--to', 'conversation:c1', '--to', 'address:r1:19:abc@thread.v2', '--on-unknown', 'hold'],
        ...['--send-at', '2026-12-01T09:00', '--recipient-time', '--expires-at', '2026-12-02T10:00:00Z'],
      ],
      { DESKBRIDGE_URL: url },
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^notification +n1\nrecipients +5\n/);
    expect(asked.at(-1)).toMatchObject({
      method: 'POST',
      url: '/v1/tenants/acme/notifications',
      body: {
        category: 'escalation',
        message: { title: 'Maintenance', text: 'Tonight' },
        to: [
          { user: 'u7' },
          { group: groupId },
          { everyone: true },
          { conversation: 'c1' },
          { registration: 'r1', address: '19:abc@thread.v2' },
        ],
        send_at: '2026-12-01T09:00',
        time_zone: 'recipient',
        expires_at: '2026-12-02T10:00:00.000Z',
        priority: 'high',
        collapse_key: 'k',
        on_unknown: 'hold',
      },
    });
  });

  it('takes the times of this machine as instants', async () => {
    const { url, asked } = await server(() => ({ status: 202, body: { notification_id: 'n1' } }));
    await run(['notify', '-t', 'acme', ...says, '--to', 'everyone', '--send-at', '2026-12-01T09:00'], {
      DESKBRIDGE_URL: url,
    });
    expect(asked[0]?.body).toMatchObject({ send_at: new Date('2026-12-01T09:00').toISOString() });
    expect(asked[0]?.body).not.toHaveProperty('time_zone');
  });

  it.each([
    [['--to', 'everyone', '--title', 'x']],
    [[...says]],
    [[...says, '--to', 'ann']],
    [[...says, '--to', 'address:r1']],
    [[...says, '--to', 'everyone', '--category', 'spam']],
    [[...says, '--to', 'everyone', '--recipient-time']],
    [[...says, '--to', 'everyone', '--expires-at', 'soon']],
    [['--test', '--to', 'everyone']],
    [['--test', '--to', 'user:a', '--to', 'user:b']],
    [['--test', '--to', 'user:a', '--title', 'x']],
  ])('%j is called wrongly', async (args) => {
    const { url, asked } = await server(desk(() => ({ status: 202, body: {} })));
    const { code, stderr } = await run(['notify', '-t', 'acme', ...args], { DESKBRIDGE_URL: url });
    expect(code).toBe(2);
    expect(stderr).not.toBe('');
    expect(asked.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  it('names a group that nobody made', async () => {
    const { url } = await server(desk(() => ({ body: {} })));
    const { code, stderr } = await run(['notify', '-t', 'acme', ...says, '--to', 'group:nobody'], {
      DESKBRIDGE_URL: url,
    });
    expect(code).toBe(1);
    expect(stderr).toContain('nobody');
  });
});

describe('notify --wait', () => {
  const steps = [
    { waiting: 2_000, counts: counts({ queued: 1_000 }) },
    { waiting: 0, counts: counts({ queued: 500, sent: 2_500 }) },
  ];

  async function waiting(end: Record<string, number>, args: string[] = []) {
    const answers = [...steps, { waiting: 0, counts: counts(end) }];
    const { url } = await server(({ method }) =>
      method === 'POST'
        ? { status: 202, body: { notification_id: 'n1', recipients: 3_000, deliveries: [] } }
        : { body: { notification_id: 'n1', recipients: 3_000, ...answers.shift() } },
    );
    return await run(['notify', '-t', 'acme', ...says, '--to', 'everyone', '--wait', ...args], {
      DESKBRIDGE_URL: url,
    });
  }

  it('follows the counts line by line, and ends well when nothing failed', async () => {
    const { code, stdout } = await waiting({ sent: 2_900, delivered: 60, skipped: 40 });
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      '0 of 3,000',
      '2,500 of 3,000: sent 2,500',
      '3,000 of 3,000: sent 2,900, delivered 60, skipped 40',
      'Notification n1 is over: 3,000 of 3,000: sent 2,900, delivered 60, skipped 40.',
      '',
    ]);
  });

  it('ends with 1 when something failed, and says where to look', async () => {
    const { code, stdout } = await waiting({ sent: 2_998, failed: 2 });
    expect(code).toBe(1);
    expect(stdout).toContain('--status failed');
  });

  it('prints one document and nothing else with --json', async () => {
    const { code, stdout } = await waiting({ sent: 3_000 }, ['--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ notification_id: 'n1', counts: { sent: 3_000 } });
  });
});

describe('notify --test', () => {
  const explained = {
    notification_id: 'n1',
    steps: [
      { step: 'person', status: 'pass', detail: 'Ann is active.' },
      { step: 'links', status: 'warn', detail: 'Linked once.', remedy: 'Link more.' },
    ],
    deliveries: [{ delivery_id: 'd1' }],
  };
  const delivery = (over: Record<string, unknown>) => ({
    destination: { type: 'slack_dm', id: 'U1' },
    reason: null,
    error_code: null,
    remedy: null,
    fallbacks: [],
    ...over,
  });

  it('prints the path, and follows the delivery and its fallback to the end', async () => {
    const first = [
      delivery({ delivery_id: 'd1', status: 'queued' }),
      delivery({
        delivery_id: 'd1',
        status: 'failed',
        error_code: 'not_found',
        remedy: 'Check it.',
        fallbacks: [{ delivery_id: 'd2' }],
      }),
    ];
    const { url, asked } = await server(
      desk(({ url: path, method }) => {
        if (method === 'POST') return { status: 202, body: explained };
        return {
          body: path.endsWith('/d1') ? first.shift() : delivery({ delivery_id: 'd2', status: 'sent' }),
        };
      }),
    );
    const { code, stdout } = await run(['notify', '-t', 'acme', '--test', '--to', 'user:ann@acme.test'], {
      DESKBRIDGE_URL: url,
    });
    expect(code).toBe(0);
    expect(stdout).toBe(
      [
        'ok    person        Ann is active.',
        'warn  links         Linked once.',
        '                    Link more.',
        'Delivery d1 to slack_dm U1: failed (not_found)',
        '  Check it.',
        'Delivery d2 to slack_dm U1: sent',
        'The test message was sent.',
        '',
      ].join('\n'),
    );
    expect(asked[1]).toMatchObject({ url: '/v1/tenants/acme/users/u7/test-notification' });
  });

  it('ends with 1 when nothing arrived', async () => {
    const { url } = await server(
      desk(({ method }) =>
        method === 'POST'
          ? { status: 202, body: explained }
          : {
              body: delivery({
                delivery_id: 'd1',
                status: 'skipped',
                reason: 'user_not_mapped',
                destination: null,
              }),
            },
      ),
    );
    const { code, stdout } = await run(['notify', '-t', 'acme', '--test', '--to', 'user:u7'], {
      DESKBRIDGE_URL: url,
    });
    expect(code).toBe(1);
    expect(stdout).toContain('Delivery d1 to nowhere: skipped (user_not_mapped)');
  });
});
