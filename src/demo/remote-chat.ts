/**
 * A simulated chat across processes: `npm start` opens the simulators of the demo, `chat` attaches to them on loopback
 * with the address and the token that the data directory keeps.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type {
  Gesture,
  SeenCard,
  SeenMessage,
  SeenSearch,
  SimulatedChat,
  SimulatedPerson,
} from '../kernel/simulated-chat.ts';

/** What a gesture brought back; the platform's repeats stay with the simulator. */
export type ChatGesture = Omit<Gesture, 'repeat'>;

const gestures = ['say', 'command', 'press', 'submit', 'fromMessage', 'install'] as const;
const views = ['openHome', 'messages', 'nextMessage'] as const;
/** Some platforms have them. */
const optional = ['pressHome', 'search', 'choose'] as const;
type GestureName = (typeof gestures)[number];
type OptionalName = (typeof optional)[number];
const methods: ReadonlySet<string> = new Set([...gestures, ...views, ...optional]);

/** What the terminal chat needs of a simulated chat, in this process or in another one. */
export type ChatSeat = {
  [Name in GestureName]: (...args: Parameters<SimulatedChat[Name]>) => Promise<ChatGesture>;
} & {
  pressHome?: (...args: Parameters<NonNullable<SimulatedChat['pressHome']>>) => Promise<ChatGesture>;
} & Pick<SimulatedChat, 'platform' | 'people' | 'search' | 'choose' | 'close' | (typeof views)[number]>;

/** What a seat is told first. */
interface Welcome {
  people: SimulatedPerson[];
  /** Optional methods that the platform has. */
  has: OptionalName[];
}

/** Where a simulated chat can be reached, as the data directory keeps it. */
export interface ChatAddress {
  url: string;
  token: string;
}

const maxBodyBytes = 1_000_000;

/** Serves simulated chats on loopback, to holders of the token only. */
export class ChatServer {
  readonly #chats: ReadonlyMap<string, SimulatedChat>;
  readonly #token = randomBytes(24).toString('base64url');
  readonly #server: Server;

  /** @param chats by platform */
  static async open(chats: ReadonlyMap<string, SimulatedChat>): Promise<ChatServer> {
    const server = new ChatServer(chats);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  private constructor(chats: ReadonlyMap<string, SimulatedChat>) {
    this.#chats = chats;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error) => {
        const message = error instanceof Error ? error.message : String(error);
        respond(response, 422, { error: message });
      });
    });
  }

  get address(): ChatAddress {
    const { port } = this.#server.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}`, token: this.#token };
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.#isAllowed(request)) return respond(response, 401, { error: 'not allowed' });
    const [, platform = '', method = ''] = (request.url ?? '').split('/');
    const chat = this.#chats.get(platform);
    if (chat === undefined) return respond(response, 404, { error: `no simulated ${platform} here` });
    if (method === 'welcome') return respond(response, 200, { result: welcome(chat) });
    const call = methods.has(method) ? chat[method as GestureName | OptionalName] : undefined;
    if (call === undefined) return respond(response, 404, { error: 'no such method' });
    const args = JSON.parse(await readBody(request)) as unknown[];
    const result = await (call as (...args: unknown[]) => Promise<unknown>).apply(chat, args);
    // A gesture's `repeat` is a function and stays here: JSON leaves it out.
    respond(response, 200, { result });
  }

  #isAllowed(request: IncomingMessage): boolean {
    // A web page could post to 127.0.0.1; it neither knows the token nor can it leave the header out.
    if (request.headers.origin !== undefined) return false;
    const given = Buffer.from(request.headers.authorization ?? '');
    const expected = Buffer.from(`Bearer ${this.#token}`);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
}

function welcome(chat: SimulatedChat): Welcome {
  const people = chat.people.map(({ key, name, platformUserId }) => ({ key, name, platformUserId }));
  return { people, has: optional.filter((name) => chat[name] !== undefined) };
}

/**
 * A seat in a simulated chat of another process. `close` leaves the simulator running.
 * @throws Error with the simulator's own words, or that there is none; so do the seat's methods
 */
export async function attachChat(address: ChatAddress, platform: string): Promise<ChatSeat> {
  const leaving = new AbortController();
  const call = async (method: string, args: readonly unknown[]): Promise<unknown> => {
    const response = await fetch(`${address.url}/${platform}/${method}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${address.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(args),
      signal: leaving.signal,
    }).catch(() => {
      throw new Error('The server does not answer: is it still running?');
    });
    const answer = (await response.json().catch(() => ({}))) as { result?: unknown; error?: string };
    if (!response.ok) throw new Error(answer.error ?? `the simulator answered ${response.status}`);
    return answer.result;
  };
  const { people, has } = (await call('welcome', [])) as Welcome;
  const method =
    <Result>(name: string) =>
    async (...args: readonly unknown[]) =>
      (await call(name, args)) as Result;
  return {
    platform,
    people,
    say: method<ChatGesture>('say'),
    command: method<ChatGesture>('command'),
    press: method<ChatGesture>('press'),
    submit: method<ChatGesture>('submit'),
    fromMessage: method<ChatGesture>('fromMessage'),
    install: method<ChatGesture>('install'),
    openHome: method<SeenCard | null>('openHome'),
    messages: method<SeenMessage[]>('messages'),
    nextMessage: method<SeenMessage>('nextMessage'),
    ...(has.includes('pressHome') ? { pressHome: method<ChatGesture>('pressHome') } : {}),
    ...(has.includes('search') ? { search: method<SeenSearch>('search') } : {}),
    ...(has.includes('choose') ? { choose: method<SeenMessage>('choose') } : {}),
    close: async () => leaving.abort(),
  };
}

function respond(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) throw new Error('the request is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8') || '[]';
}
