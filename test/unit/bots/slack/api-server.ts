/** A Web API on loopback that answers as a test says and remembers what it was asked. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '../../../../src/kernel/canonical-json.ts';

export interface ApiRequest {
  /** The method's name, or the path where it is none. */
  method: string;
  headers: IncomingHttpHeaders;
  /** JSON or form, as an object. */
  body: JsonObject;
}

/** The body of a 200, or whatever the function does with the response. */
export type ApiAnswer = JsonObject | ((response: ServerResponse, request: ApiRequest) => void);

export interface ApiServer {
  /** With a slash at its end. */
  url: string;
  requests: ApiRequest[];
  /** Answers by method; `*` is for all others. */
  answers: Record<string, ApiAnswer>;
  close(): Promise<void>;
}

export async function startApiServer(): Promise<ApiServer> {
  const requests: ApiRequest[] = [];
  const answers: Record<string, ApiAnswer> = { '*': { ok: true, channel: 'D1', ts: '1763630043.000200' } };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const isJson = request.headers['content-type']?.startsWith('application/json') ?? false;
      const body = isJson ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text));
      const method = (request.url ?? '').replace('/api/', '');
      const asked = { method, headers: request.headers, body };
      requests.push(asked);
      const answer = answers[method] ?? answers['*'] ?? {};
      if (typeof answer === 'function') answer(response, asked);
      else response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/api/`,
    requests,
    answers,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
