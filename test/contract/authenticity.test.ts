/** Who is let in: tokens, tenants and the demo's door, over HTTP as an attacker would try them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTeamsSimulator, type TeamsSimulator } from '../../bots/teams/simulator/index.ts';
import { demoPeople, demoTeams } from '../../src/demo/demo-data.ts';
import { appId, type Gateway, organization, startGateway } from '../support/gateway.ts';
import { recordingLog } from '../support/log.ts';

const recorded = recordingLog();
let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ log: recorded.log });
});
afterAll(() => gateway.close());

/** Every table that an inbound request could write. */
async function rowCounts(): Promise<unknown> {
  const { maintenance } = gateway.running.services.database;
  return await maintenance.query(
    `select (select count(*) from receipts) as receipts, (select count(*) from conversations) as conversations,
            (select count(*) from audit_events) as audit, (select count(*) from tickets) as tickets`,
  );
}

async function send(options: {
  token?: string | null;
  change?: (activity: Record<string, unknown>) => void;
  body?: string;
}) {
  const { simulator } = gateway;
  if (options.body !== undefined)
    return await simulator.sendBody(options.body, { token: options.token ?? null });
  const activity = JSON.parse(JSON.stringify(sample())) as Record<string, unknown>;
  options.change?.(activity);
  return await simulator.sendActivity(
    activity as never,
    options.token === undefined ? {} : { token: options.token },
  );
}

function sample() {
  const { conversation, person, serviceUrl } = gateway.simulator.scene();
  return {
    type: 'message',
    id: `${Date.now()}${Math.random()}`,
    channelId: 'msteams',
    serviceUrl,
    from: { id: person.id, name: person.name, aadObjectId: person.aadObjectId },
    recipient: { id: `28:${appId}`, name: 'Deskbridge' },
    conversation: { id: conversation.id, conversationType: 'personal', tenantId: organization },
    channelData: { tenant: { id: organization } },
    text: 'new ticket From outside',
  };
}

describe('a request that is not authentic gets 401, an empty body, and leaves nothing', () => {
  const hour = 3600;
  const now = () => Math.floor(Date.now() / 1000);
  it.each<[string, () => Promise<string | null>]>([
    ['no token', async () => null],
    ['no JWT', async () => 'garbage'],
    [
      'an unsigned JWT',
      async () =>
        `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(`{"aud":"${appId}"}`).toString('base64url')}.`,
    ],
    [
      'another audience',
      () => gateway.simulator.signToken({ claims: { aud: 'c0000000-0000-4000-8000-00000000000c' } }),
    ],
    ['another issuer', () => gateway.simulator.signToken({ claims: { iss: 'https://sts.windows.net/x/' } })],
    [
      'an expired token',
      () => gateway.simulator.signToken({ claims: { exp: now() - hour, nbf: now() - 2 * hour } }),
    ],
    [
      'a token of the future',
      () => gateway.simulator.signToken({ claims: { nbf: now() + hour, exp: now() + 2 * hour } }),
    ],
    [
      'another service URL',
      () => gateway.simulator.signToken({ claims: { serviceurl: 'https://evil.trafficmanager.net/' } }),
    ],
    ['a tampered token', async () => `${(await gateway.simulator.signToken()).slice(0, -8)}AAAAAAAA`],
  ])('%s', async (_name, token) => {
    const before = await rowCounts();
    const answer = await send({ token: await token() });
    expect(answer).toMatchObject({ status: 401, body: null });
    expect(await rowCounts()).toEqual(before);
  });

  it('a service URL that is not on the list', async () => {
    const serviceUrl = 'https://deskbridge-evil.trafficmanager.net/amer/';
    const token = await gateway.simulator.signToken({ claims: { serviceurl: serviceUrl } });
    expect((await send({ token, change: (activity) => (activity.serviceUrl = serviceUrl) })).status).toBe(
      401,
    );
  });
});

describe('an authentic request of the wrong organization gets 403', () => {
  it.each<[string, (activity: Record<string, unknown>) => void]>([
    [
      'another tenant in both fields',
      (activity) => {
        activity.conversation = {
          ...(activity.conversation as object),
          tenantId: 'd0000000-0000-4000-8000-00000000000d',
        };
        activity.channelData = { tenant: { id: 'd0000000-0000-4000-8000-00000000000d' } };
      },
    ],
    [
      'another tenant in the conversation',
      (activity) => {
        activity.conversation = {
          ...(activity.conversation as object),
          tenantId: 'd0000000-0000-4000-8000-00000000000d',
        };
      },
    ],
    [
      'another tenant in the channel data',
      (activity) => {
        activity.channelData = { tenant: { id: 'd0000000-0000-4000-8000-00000000000d' } };
      },
    ],
  ])('%s', async (_name, change) => {
    const before = await rowCounts();
    expect(await send({ change })).toMatchObject({ status: 403, body: null });
    expect(await rowCounts()).toEqual(before);
  });

  it('a suspended tenant', async () => {
    const { database, registrations } = gateway.running.services;
    const setStatus = async (status: string) => {
      await database.maintenance.execute('update tenants set status = $1', [status]);
      registrations.clear();
    };
    await setStatus('suspended');
    const before = await rowCounts();
    expect((await send({})).status).toBe(403);
    expect(await rowCounts()).toEqual(before);
    await setStatus('active');
    expect((await send({})).status).toBe(200);
  });
});

describe('bodies', () => {
  it('over 256 kB are refused before verification', async () => {
    expect(
      (await send({ token: null, body: JSON.stringify({ ...sample(), text: 'x'.repeat(300_000) }) })).status,
    ).toBe(413);
  });

  it('that are no JSON or nest deeply do no harm', async () => {
    const token = await gateway.simulator.signToken();
    const nested = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
    for (const body of ['', '{', 'null', '[]', '"text"', '12', nested, `${'['.repeat(50_000)}`, '\u0000']) {
      expect((await send({ token, body })).status, body.slice(0, 20)).toBe(401);
    }
  });

  it('with unknown fields are served, since platforms add fields', async () => {
    const change = (activity: Record<string, unknown>) =>
      (activity.somethingNew = { deep: [1, { x: null }] });
    expect((await send({ change })).status).toBe(200);
  });

  it('leave no text in a log line', () => {
    expect(JSON.stringify(recorded.lines)).not.toContain('From outside');
  });
});

describe("the demo's door", () => {
  let demo: Gateway;
  let outside: TeamsSimulator;
  let folder: string;
  beforeAll(async () => {
    // A folder of its own: the demo keeps the addresses of its simulators there.
    folder = await mkdtemp(join(tmpdir(), 'deskbridge-demo-'));
    demo = await startGateway({ environment: { DESKBRIDGE_DEMO: '1', DESKBRIDGE_DATA_DIR: folder } });
    outside = await startTeamsSimulator({
      botEndpoint: `${demo.running.url}/api/messages`,
      organization: demoTeams.organization,
      apps: [{ appId: demoTeams.appId, clientSecret: null }],
      people: demoPeople.map(({ key, name, aadObjectId }) => ({ key, name, aadObjectId, id: `29:${key}` })),
    });
  });
  afterAll(async () => {
    await outside.close();
    await demo.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('is open from loopback to the demo registration, and replies need no token', async () => {
    expect((await outside.message('help')).status).toBe(200);
    const reply = await outside.oracle.waitFor(() => true);
    expect(reply.appId).toBeNull();
  });

  it.each(['Origin', 'Forwarded', 'X-Forwarded-For', 'X-Forwarded-Host'])('is shut with %s', async (name) => {
    const answer = await outside.message(
      'help',
      {},
      { headers: { [name.toLowerCase()]: 'https://evil.test' } },
    );
    expect(answer.status).toBe(401);
  });

  it('is shut for every other registration', async () => {
    demo.simulator.botEndpoint = `${demo.running.url}/api/messages`;
    expect((await demo.simulator.message('help', {}, { token: null })).status).toBe(401);
  });

  it('does not reply to an address outside of loopback', async () => {
    const activity = {
      ...sample(),
      serviceUrl: 'https://smba.trafficmanager.net/amer/',
      recipient: { id: `28:${demoTeams.appId}` },
    };
    expect((await outside.sendActivity(activity as never, { token: null })).status).toBe(401);
  });
});
