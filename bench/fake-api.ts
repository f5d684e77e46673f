/**
 * The platform's API for load: it only notes which reply came. The full simulators keep every message and would cost
 * more than the servers that are measured.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadSide } from './load-side.ts';

const lookAgainMs = 2;

export class FakeApi {
  /** `http://127.0.0.1:<port>` */
  url = '';
  /** Commands that are not answered yet: what their reply names, and a text that it must hold. */
  readonly expected = new Map<string, string>();
  /** Replies to nothing that was asked, or asked and answered before. */
  unexpected = 0;
  /** Replies that do not hold what they must. */
  wrong = 0;
  #onReply: () => void = () => undefined;

  /** Begins a round. @param onReply called at each reply that was expected */
  reset(onReply: () => void): void {
    this.expected.clear();
    this.unexpected = 0;
    this.wrong = 0;
    this.#onReply = onReply;
  }

  /** Waits while that many commands or more are not answered. @param deadline of the wait, as in `performance.now()` */
  async unansweredBelow(limit: number, deadline: number): Promise<void> {
    while (this.expected.size >= limit && performance.now() < deadline) await sleep(lookAgainMs);
  }

  takeReply(key: string, body: string): void {
    const text = this.expected.get(key);
    if (text === undefined) {
      this.unexpected += 1;
      return;
    }
    this.expected.delete(key);
    if (!body.includes(text)) this.wrong += 1;
    this.#onReply();
  }
}

export async function startFakeApi(side: LoadSide): Promise<FakeApi> {
  const api = new FakeApi();
  const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const call = {
        url: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      const { status, body, repliesTo } = side.answer(call, api.url);
      if (repliesTo !== undefined) api.takeReply(repliesTo, call.body);
      write(response, status, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  api.url = `http://127.0.0.1:${port}`;
  return api;
}

function write(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}
