/** What goes wrong around a command: repeats at once, a throttled or broken platform, a database that is gone. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Gateway, startGateway, textOf } from '../support/gateway.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ sweepEveryMs: 100 });
});
afterAll(() => gateway.close());
afterEach(() => gateway.simulator.faults.clear());

function activity(text: string, conversationId = 'a:faults') {
  const { simulator } = gateway;
  const { person, appId, organization, serviceUrl } = simulator.scene({
    conversation: { type: 'personal', id: conversationId },
  });
  return {
    type: 'message',
    id: randomUUID(),
    channelId: 'msteams',
    serviceUrl,
    from: { id: person.id, name: person.name, aadObjectId: person.aadObjectId },
    recipient: { id: `28:${appId}`, name: 'Deskbridge' },
    conversation: { id: conversationId, conversationType: 'personal', tenantId: organization },
    channelData: { tenant: { id: organization } },
    text,
  };
}

/** Delivers as the platform does: again after a 503, which says that nothing was done. */
async function deliver(one: ReturnType<typeof activity>): Promise<void> {
  for (let tries = 1; tries <= 10; tries += 1) {
    const { status } = await gateway.simulator.sendActivity(one);
    if (status === 200) return;
    expect(status).toBe(503);
  }
  throw new Error('never taken');
}

async function receipts(where: string, values: unknown[] = []) {
  return await gateway.running.services.database.maintenance.query<{
    status: string;
    error_code: string | null;
    reply: unknown;
  }>(`select status, error_code, reply from receipts where ${where}`, values);
}

async function eventually(check: () => Promise<void>, ms = 10_000): Promise<void> {
  for (const deadline = Date.now() + ms; ; await sleep(50)) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

const visible = (conversationId: string) => gateway.simulator.oracle.visible(conversationId);

describe('repeats', () => {
  it('1,000 redelivered activities in parallel: every mutation once, every command replied', async () => {
    const before = (await gateway.auditRows()).length;
    const activities = Array.from({ length: 100 }, (_, n) =>
      activity(`new ticket Parallel ${n}`, 'a:parallel'),
    );
    const deliveries = Array.from({ length: 10 }, () => activities).flat();
    await Promise.all(deliveries.map((one) => deliver(one)));
    // On a machine that is too slow for its window a reply may come twice, but never not at all.
    const replied = () => new Set(visible('a:parallel').map((message) => /#\d+/.exec(textOf(message))?.[0]));
    await eventually(async () => expect(replied().size).toBe(100), 30_000);
    const { maintenance } = gateway.running.services.database;
    const doubled = await maintenance.query(
      "select title, count(*) from tickets where title like 'Parallel %' group by title having count(*) <> 1",
    );
    expect(doubled).toEqual([]);
    expect((await gateway.auditRows()).length - before).toBe(100);
    expect(await gateway.verifyAudit()).toMatchObject({ valid: true });
  });

  it('an identical signed repeat is acknowledged and sends nothing more', async () => {
    const one = activity('new ticket Repeated', 'a:repeat');
    await gateway.simulator.sendActivity(one);
    await eventually(async () => expect(visible('a:repeat')).toHaveLength(1));
    expect((await gateway.simulator.sendActivity(one)).status).toBe(200);
    await sleep(500);
    expect(visible('a:repeat')).toHaveLength(1);
  });

  it('the same press twice at once mutates once, and both get the same answer', async () => {
    const { number } = await gateway.ticket({ title: 'Twice at once' });
    const card = await gateway.ask(`ticket ${number}`);
    const copy = { ...card, activity: structuredClone(card.activity) };
    const before = (await gateway.auditRows()).length;
    const [one, other] = await Promise.all([
      gateway.simulator.pressButton(card, 'Assign to me'),
      gateway.simulator.pressButton(copy, 'Assign to me'),
    ]);
    expect(one.body).toEqual(other.body);
    expect((await gateway.auditRows()).length - before).toBe(1);
  });
});

describe('a reply that the platform does not take', () => {
  it('waits as long as a throttled platform says, then arrives once', async () => {
    gateway.simulator.faults.set('send', { kind: 'refuse', status: 429, retryAfterSeconds: 1 }, 2);
    const started = Date.now();
    await gateway.simulator.sendActivity(activity('new ticket Throttled', 'a:throttled'));
    await eventually(async () => expect(visible('a:throttled')).toHaveLength(1));
    expect(Date.now() - started).toBeGreaterThanOrEqual(1_000);
    await eventually(async () => expect(await receipts("status = 'handled'")).toEqual([]));
  });

  it('is sent again after 412, which refused it for certain', async () => {
    gateway.simulator.faults.set('send', { kind: 'refuse', status: 412, code: 'PreconditionFailed' }, 1);
    await gateway.simulator.sendActivity(activity('help', 'a:412'));
    await eventually(async () => expect(visible('a:412')).toHaveLength(1));
  });

  it.each([
    ['500 after accepting', { kind: 'error_after' } as const, 2],
    ['a connection lost after accepting', { kind: 'drop_after' } as const, 2],
    ['500 before accepting', { kind: 'error_before' } as const, 1],
  ])('is sent once more after %s: doubled at worst, never missing', async (_name, fault, expected) => {
    const id = `a:${fault.kind}`;
    gateway.simulator.faults.set('send', fault, 1);
    await gateway.simulator.sendActivity(activity(`new ticket ${fault.kind}`, id));
    await eventually(async () => expect(visible(id)).toHaveLength(expected), 15_000);
    await eventually(async () => expect(await receipts("status = 'handled'")).toEqual([]));
  });

  it('is given up when the platform refuses it for good: the mutation stays and the receipt says so', async () => {
    gateway.simulator.faults.set(
      'send',
      { kind: 'refuse', status: 403, code: 'ConversationBlockedByUser' },
      1,
    );
    const before = (await gateway.auditRows()).length;
    await gateway.simulator.sendActivity(activity('new ticket Refused', 'a:refused'));
    await eventually(async () =>
      expect(await receipts("status = 'reply_failed'")).toMatchObject([{ error_code: 'blocked_by_user' }]),
    );
    expect(visible('a:refused')).toEqual([]);
    expect((await gateway.auditRows()).slice(before)).toMatchObject([
      { action: 'create_ticket', result: 'success' },
    ]);
  });
});

describe('a database that is gone', () => {
  let proxy: TcpProxy;
  let behind: Gateway;
  beforeAll(async () => {
    behind = await startGateway({
      sweepEveryMs: 200,
      databaseUrl: async (ownerUrl) => {
        proxy = await startTcpProxy(ownerUrl);
        return proxy.url;
      },
    });
  });
  afterAll(async () => {
    proxy.restore();
    await behind.close();
    await proxy.close();
  });

  const ready = async () => (await fetch(`${behind.running.url}/readyz`)).status;

  it.each(['cut', 'hang'] as const)(
    'is told to the platform in time (%s), and nothing is half done after it is back',
    async (how) => {
      await behind.ask('help');
      expect(await ready()).toBe(200);
      proxy[how]();
      const started = Date.now();
      const answer = await behind.simulator.message(`new ticket While it was gone (${how})`);
      expect(answer.status).toBe(503);
      expect(Date.now() - started).toBeLessThan(14_000);
      expect(await ready()).toBe(503);
      expect((await fetch(`${behind.running.url}/healthz`)).status).toBe(200);
      await sleep(how === 'cut' ? 8_000 : 1_000);
      proxy.restore();
      await eventually(async () => expect(await ready()).toBe(200));
      // A reply whose record was lost with the database may come twice, hence: the one that answers this.
      const answered = async (text: string, answer: string) => {
        expect((await behind.simulator.message(text)).status).toBe(200);
        await behind.simulator.oracle.waitFor((message) => textOf(message).includes(answer), 15_000);
      };
      await answered(`find While it was gone (${how})`, `"While it was gone (${how})"`);
      const { maintenance } = behind.running.services.database;
      expect(await maintenance.query("select 1 from tickets where title like 'While it was gone%'")).toEqual(
        [],
      );
      await answered(`new ticket After it was back (${how})`, `After it was back (${how})`);
      expect(await behind.verifyAudit()).toMatchObject({ valid: true });
    },
  );
});
