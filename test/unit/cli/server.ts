/** A server of the network that answers what a test says, and keeps what it was asked. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Asked {
  method: string;
  url: string;
  authorization: string | undefined;
  body: unknown;
}

export interface Answering {
  url: string;
  asked: Asked[];
  close(): Promise<void>;
}

interface Answer {
  status?: number;
  body?: unknown;
  headers?: Record<string, string>;
}

export async function answering(answer: (asked: Asked) => Answer): Promise<Answering> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const { method = '', url = '' } = request;
    const one = { method, url, authorization: request.headers.authorization, body: body && JSON.parse(body) };
    asked.push(one);
    const { status = 200, body: content, headers } = answer(one);
    response.writeHead(status, headers);
    response.end(typeof content === 'string' ? content : content && JSON.stringify(content));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, asked, close: () => stop(server) };
}

/** An address on which nothing listens. */
export async function closedUrl(): Promise<string> {
  const { url, close } = await answering(() => ({}));
  await close();
  return url;
}

async function stop(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}
