/**
 * Malformed bodies on every platform of `bots/index.ts`, ten thousand each: none is answered with a server's error,
 * leaves a row or shows up in a log.
 *
 * Malformed is what is no JSON object or form of the platform's, and a good body whose app, organization, id, kind,
 * person or place is missing or cannot be one (`vital` in good-bodies.ts), whoever sends it. What is optional on a
 * platform counts as absent where it is of the wrong type: such a body is still a request, may act, and is none of the
 * ten thousand.
 */
import http from 'node:http';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { platforms } from '../../bots/index.ts';
import { ChatWorld } from '../support/chat-world.ts';
import { recordingLog } from '../support/log.ts';
import { encode, type Sealed, type Wire } from '../support/malformed/good-bodies.ts';
import { larkWire } from '../support/malformed/lark-wire.ts';
import { type MalformedBody, malformedBodies, type Recipe } from '../support/malformed/malformed-bodies.ts';
import { slackWire } from '../support/malformed/slack-wire.ts';
import { teamsWire } from '../support/malformed/teams-wire.ts';
import { withoutNotifier } from '../support/without-notifier.ts';

/** `MALFORMED_SEED` of a failed run repeats it. */
const seed = Number(process.env.MALFORMED_SEED ?? Date.now() % 1_000_000_000);
const marker = 'mark-7c1f0e';
const malformed: Recipe = {
  count: 10_000,
  seed,
  marker,
  faults: ['vital', 'vital', 'vital', 'broken', 'stranger', 'frame'],
};
const connections = 24;

/** Intents that leave a receipt: each has to be done once. */
const acting = new Set(['command', 'press', 'press_command', 'submit_form']);

/** How each platform's bodies are made; one without has nothing to be malformed. */
const wires: Readonly<Record<string, (world: ChatWorld) => Wire | Promise<Wire>>> = {
  teams: teamsWire,
  slack: slackWire,
  lark: larkWire,
};

/** What was answered to one body. */
interface Answered {
  status: number;
  made: MalformedBody;
}

describe.each(platforms.map(({ id }) => ({ id })))(`on $id (MALFORMED_SEED=${seed})`, ({ id }) => {
  const recorded = recordingLog();
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  let world: ChatWorld;
  let wire: Wire;
  beforeAll(async () => {
    world = await ChatWorld.start(id, {
      log: recorded.log,
      settings: { group_chat: true },
      environment: withoutNotifier,
    });
    const makeWire = wires[id];
    if (makeWire === undefined) throw new Error(`no bodies of ${id} are known here`);
    wire = await makeWire(world);
  });
  afterAll(async () => {
    agent.destroy();
    await world.close();
  });

  /** Every table with its number of rows and a digest of what they hold. */
  async function tables(): Promise<Record<string, string>> {
    const { maintenance } = world.running.services.database;
    const names = await maintenance.query<{ name: string }>(
      "select tablename as name from pg_tables where schemaname = 'public' order by tablename",
    );
    const state: Record<string, string> = {};
    for (const { name } of names) {
      const [row] = await maintenance.query<{ n: number; digest: string | null }>(
        `select count(*) as n, md5(string_agg(md5(t::text), '' order by md5(t::text))) as digest from "${name}" t`,
      );
      state[name] = `${row?.n} rows, ${row?.digest}`;
    }
    return state;
  }

  async function eventKeys(): Promise<string> {
    const { maintenance } = world.running.services.database;
    const receipts = await maintenance.query<{ event_key: string }>('select event_key from receipts');
    return receipts.map(({ event_key }) => `${event_key}\n`).join('');
  }

  function post(url: string, { headers, body }: Sealed): Promise<number> {
    return new Promise((resolve, reject) => {
      const options = { method: 'POST', agent, headers: { ...headers, 'content-length': body.length } };
      const request = http.request(url, options, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
      });
      request.on('error', reject).end(body);
    });
  }

  /** Posts all bodies of a recipe; `seen` gets every answer with the body's number. */
  async function postAll(recipe: Recipe, seen: (answered: Answered, index: number) => void): Promise<void> {
    const bodies = malformedBodies(wire, recipe);
    let index = 0;
    const connection = async () => {
      for (const made of bodies) {
        const number = index++;
        seen({ status: await post(made.url, made), made }, number);
      }
    };
    await Promise.all(Array.from({ length: connections }, connection));
  }

  function logged(): string {
    return inspect(recorded.lines, { depth: null, maxArrayLength: null, maxStringLength: null });
  }

  it('10,000 malformed bodies: no server error, no row, and 401 for whoever proves nothing', async () => {
    const before = await tables();
    const wrong: string[] = [];
    const stories: string[] = [];
    const answers = new Map<string, number>();
    await postAll(malformed, ({ status, made: { proof, fault, story } }, index) => {
      stories[index] = story;
      const isAuthentic = proof === 'authentic';
      answers.set(`${isAuthentic} ${status}`, (answers.get(`${isAuthentic} ${status}`) ?? 0) + 1);
      // The encodings of HTTP and the limit of size are checked before anything is believed: 400, 413, 415.
      const isRight = isAuthentic ? status >= 200 && status < 500 : [400, 401, 413, 415].includes(status);
      if (!isRight) wrong.push(`${status} for ${proof}, ${fault}, ${story}`);
    });
    expect(wrong.slice(0, 20)).toEqual([]);
    const written = [...(await eventKeys()).matchAll(/id-\d+-(\d+)/g)].map(
      ([, index]) => stories[Number(index)],
    );
    expect(written).toEqual([]);
    expect(await tables()).toEqual(before);
    // Most were let through to the translators, and some were taken for what is to be ignored.
    expect(answers.get('true 200') ?? 0).toBeGreaterThan(100);
    expect(answers.get('true 403') ?? 0).toBeGreaterThan(100);
    expect(answers.get('false 401') ?? 0).toBeGreaterThan(2_000);
  }, 240_000);

  it('the same bodies undamaged are served, each request once', async () => {
    for (const [index, good] of wire.bodies.entries()) {
      const content = encode(good, wire.renew(good, `good-${index}`, marker));
      const sealed = wire.seal(content, good.frame, 'authentic');
      const served = good.intent === 'unsupported' && id === 'teams' ? 501 : 200;
      expect(await post(wire.urls.at(-1) ?? '', sealed), good.name).toBe(served);
    }
    const keys = await eventKeys();
    const missing = wire.bodies.filter(
      ({ intent }, index) => acting.has(intent) && !new RegExp(`good-${index}$`, 'm').test(keys),
    );
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  it('300 good bodies with anything in place of what is optional: no server error', async () => {
    const recipe: Recipe = { ...malformed, count: 300, faults: ['optional'] };
    const wrong: string[] = [];
    await postAll(recipe, ({ status, made }) => {
      // Teams is told by 501 of an invoke that is not served here.
      const isRight = status < 500 || (id === 'teams' && status === 501);
      if (!isRight)
        wrong.push(`${status} for ${made.proof}, ${made.story} ${made.body.toString().slice(0, 300)}`);
    });
    expect(wrong.slice(0, 5)).toEqual([]);
  });

  it('no log line holds what was in a body', () => {
    expect(logged().includes(marker)).toBe(false);
  });
});
