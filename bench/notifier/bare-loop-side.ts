/** The same requests as the product's, posted by a bare loop: what a simulator takes at that concurrency. */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ConversationReference } from '../../src/kernel/activity.ts';
import type { OutboundDelivery } from '../../src/kernel/notification.ts';
import type { BotRuntime, PlatformEnvironment, PlatformRegistration } from '../../src/kernel/platform.ts';
import { systemClock } from '../../src/kernel/ports.ts';
import { silentLog } from '../../test/support/log.ts';
import { HttpConnection } from '../http-connection.ts';
import type { Finished } from './contestant.ts';
import { inParallel } from './running-notifier.ts';
import { serve } from './side-process.ts';
import { type SimulatedPlatform, simulatedPlatform, simulatedSlug } from './simulated-platforms.ts';
import { personKeys } from './world.ts';

export interface BareLoopPreparation {
  platformId: string;
  people: number;
  settings: PlatformEnvironment['settings'];
  /** Connections, each with one request at a time: as many as the product's runtime opens. */
  connections: number;
}

/** A post as the product's runtime makes it. */
interface Recorded {
  origin: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

serve<BareLoopPreparation, { count: number }>(async (preparation) => {
  const { people, connections } = preparation;
  const posts = await recordPosts(preparation, personKeys(simulatedSlug, people));
  const [first] = posts;
  if (first === undefined) throw new Error('nothing was recorded');
  const open = await Promise.all(
    Array.from({ length: connections }, () => HttpConnection.open(first.origin)),
  );
  return {
    async answer({ count }) {
      const all = Array.from({ length: count }, (_, index) => posts[index % posts.length] ?? first);
      const began = performance.now();
      await inParallel(all, connections, async ({ path, headers, body }) => {
        const connection = open.pop();
        if (connection === undefined) throw new Error('there are too few connections');
        const status = await connection.post(path, headers, body.replaceAll(token, randomUUID()));
        if (status >= 300) throw new Error(`a simulator answered ${status}`);
        open.push(connection);
      });
      const ms = performance.now() - began;
      return { count, ms, acceptedMs: ms } satisfies Finished;
    },
    async close() {
      for (const connection of open) connection.close();
    },
  };
});

/** Stands for the id of each delivery. */
const token = '01900000-0000-7000-8000-000000000001';

/** Lets the platform's runtime post once to each person, through a proxy that writes down what passes. */
async function recordPosts(preparation: BareLoopPreparation, keys: readonly string[]): Promise<Recorded[]> {
  const place = simulatedPlatform(preparation.platformId);
  const recorded: Recorded[] = [];
  const origin = new URL(Object.values(preparation.settings).filter((value) => isUrl(value))[0] as string)
    .origin;
  const proxy = await startProxy(origin, (post) => {
    if (post.body.includes(token)) recorded.push(post);
  });
  const settings = redirected(preparation.settings, origin, proxy.url);
  const registration = registrationOf(place);
  const apps = { registrationsOfApp: async () => [registration], registration: async () => registration };
  const environment = { apps, clock: systemClock, log: silentLog, settings };
  const runtime = await place.platform.loadRuntime(environment);
  for (const key of keys) await postOnce(place, runtime, registration, key);
  await runtime.close();
  await proxy.close();
  if (recorded.length !== keys.length) throw new Error(`${recorded.length} of ${keys.length} were recorded`);
  return recorded;
}

function isUrl(value: unknown): value is string {
  return typeof value === 'string' && URL.canParse(value);
}

function redirected(
  settings: PlatformEnvironment['settings'],
  from: string,
  to: string,
): PlatformEnvironment['settings'] {
  const text = JSON.stringify(settings).replaceAll(from, to).replaceAll(new URL(from).host, new URL(to).host);
  return JSON.parse(text) as PlatformEnvironment['settings'];
}

function registrationOf({ platform, setup }: SimulatedPlatform): PlatformRegistration {
  const organization = setup.organizationOf(simulatedSlug);
  const { options, credentials } = setup.registration(organization);
  let kept = credentials;
  return {
    registrationId: 'bare-loop',
    tenantId: 'bare-loop',
    platform: platform.id,
    appId: setup.appId,
    organization,
    options,
    demo: false,
    status: 'active',
    vouched: true,
    credentials: async () => kept,
    async updateCredentials(change) {
      kept = (await change(kept))?.credentials ?? kept;
      return kept;
    },
  };
}

async function postOnce(
  { platform, setup }: SimulatedPlatform,
  runtime: BotRuntime,
  registration: PlatformRegistration,
  key: string,
): Promise<void> {
  const [destination] = platform.addressing.ofPerson(setup.platformUserId(key));
  if (destination === undefined) throw new Error('a person has no destination');
  let reference: ConversationReference | null = null;
  if (platform.addressing.opening(destination, null) !== null) {
    const opening = await runtime.open?.(registration, destination, timeoutMs);
    if (opening?.result !== 'opened') throw new Error(`no chat was opened: ${JSON.stringify(opening)}`);
    reference = opening.reference;
  }
  const delivery: OutboundDelivery = {
    registration,
    destination,
    reference,
    message: {
      title: 'Maintenance tonight',
      text: 'From 22:00 on for about an hour the mail server cannot be reached. Nothing has to be done.',
    },
    token,
    reduced: false,
    timeoutMs,
  };
  const outcome = await runtime.deliver(delivery);
  if (outcome.result !== 'sent') throw new Error(`a post was refused: ${JSON.stringify(outcome)}`);
}

const timeoutMs = 5_000;

/** Passes everything on, one request after the other. */
async function startProxy(
  target: string,
  onPost: (post: Recorded) => void,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const { method = 'GET', url: path = '/' } = request;
      const body = Buffer.concat(chunks).toString();
      const headers = kept(request.headers);
      const init = method === 'GET' ? { method, headers } : { method, headers, body };
      const answer = await fetch(`${target}${path}`, init);
      if (method === 'POST') onPost({ origin: target, path, headers, body });
      response.writeHead(answer.status, {
        'content-type': answer.headers.get('content-type') ?? 'application/json',
      });
      response.end(await answer.text());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Those that say something to the platform; the rest belongs to the connection. */
function kept(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const own = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'keep-alive']);
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      own.has(name) || typeof value !== 'string' ? [] : [[name, value]],
    ),
  );
}
