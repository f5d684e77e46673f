/** A loopback Open API that answers as a test tells it, and remembers what it was asked. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '../../../../src/kernel/canonical-json.ts';

export interface Asked {
  /** `POST /open-apis/im/v1/messages?receive_id_type=chat_id` */
  line: string;
  body: JsonObject;
  headers: IncomingHttpHeaders;
}

export interface Told {
  status?: number;
  headers?: Record<string, string>;
  /** A text is sent as it is. */
  body?: JsonObject | string;
  /** Milliseconds before the answer. */
  after?: number;
  /** The connection breaks instead of the answer. */
  broken?: true;
}

export interface OpenApiServer {
  url: string;
  asked: Asked[];
  /** Lines of what was asked. */
  lines(): string[];
  /** Answers to requests whose line holds `part`, in their order; the last one stays. */
  tell(part: string, ...answers: Told[]): void;
  close(): Promise<void>;
}

/** Tokens are given as t-1, t-2 … for 7,200 seconds, and every send is accepted, until the test tells otherwise. */
export async function startOpenApi(): Promise<OpenApiServer> {
  const told = new Map<string, Told[]>();
  const asked: Asked[] = [];
  let tokens = 0;
  const usual = (line: string): Told => {
    if (line.includes('app_access_token'))
      return { body: { code: 0, app_access_token: `a-${++tokens}`, expire: 7200 } };
    if (line.includes('tenant_access_token')) {
      return { body: { code: 0, msg: 'ok', tenant_access_token: `t-${++tokens}`, expire: 7200 } };
    }
    return { body: { code: 0, msg: 'success', data: { message_id: 'om_1' } } };
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const line = `${request.method} ${request.url}`;
      const text = Buffer.concat(chunks).toString();
      asked.push({ line, body: text === '' ? {} : JSON.parse(text), headers: request.headers });
      const queue = [...told].find(([part]) => line.includes(part))?.[1];
      const answer = (queue !== undefined && queue.length > 1 ? queue.shift() : queue?.[0]) ?? usual(line);
      setTimeout(() => write(response, answer), answer.after ?? 0);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    lines: () => asked.map(({ line }) => line),
    tell: (part, ...answers) => told.set(part, answers),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function write(response: ServerResponse, { status = 200, headers = {}, body = {}, broken }: Told): void {
  if (broken) {
    response.destroy();
    return;
  }
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
