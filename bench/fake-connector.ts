/**
 * The platform's side for load: key documents, token endpoint, and a connector that only notes which reply came. The
 * full simulator keeps every message and would cost more than the servers that are measured.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Identity } from '../bots/teams/simulator/identity.ts';

export interface FakeConnector {
  /** `http://127.0.0.1:<port>` */
  url: string;
  /** Commands that are not answered yet: the activity's id, and a text that its reply must hold. */
  readonly expected: Map<string, string>;
  /** Replies to nothing that was asked, or asked and answered before. */
  unexpected: number;
  /** Replies that do not hold what they must. */
  wrong: number;
  /** Called at each reply that was expected. */
  onReply: () => void;
}

export async function startFakeConnector(identity: Identity): Promise<FakeConnector> {
  const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(connector, identity, request, Buffer.concat(chunks).toString(), response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const connector: FakeConnector = {
    url: `http://127.0.0.1:${port}`,
    expected: new Map(),
    unexpected: 0,
    wrong: 0,
    onReply: () => undefined,
  };
  return connector;
}

function answer(
  connector: FakeConnector,
  identity: Identity,
  request: IncomingMessage,
  body: string,
  response: ServerResponse,
): ServerResponse {
  const url = request.url ?? '';
  if (url.includes('/v3/conversations/')) return takeReply(connector, request, body, response);
  if (url === '/openid') {
    const jwks = { jwks_uri: `${connector.url}/keys`, id_token_signing_alg_values_supported: ['RS256'] };
    return write(response, 200, { issuer: 'https://api.botframework.com', ...jwks });
  }
  if (url === '/keys') return write(response, 200, identity.keySet());
  const authority = /^\/login\/([^/]+)\/oauth2\/v2\.0\/token$/.exec(url)?.[1];
  if (authority === undefined) return write(response, 404, {});
  const issued = identity.issue(authority, new URLSearchParams(body));
  return write(response, issued.status, issued.body);
}

/** `POST …/v3/conversations/<conversation>/activities/<id of the activity that is replied to>` */
function takeReply(
  connector: FakeConnector,
  request: IncomingMessage,
  body: string,
  response: ServerResponse,
): ServerResponse {
  if (request.headers.authorization === undefined) return write(response, 401, {});
  const url = request.url ?? '';
  const id = decodeURIComponent(url.slice(url.lastIndexOf('/') + 1));
  const text = connector.expected.get(id);
  if (text === undefined) connector.unexpected += 1;
  else {
    connector.expected.delete(id);
    if (!body.includes(text)) connector.wrong += 1;
    connector.onReply();
  }
  return write(response, 201, { id: `reply-${id}` });
}

function write(response: ServerResponse, status: number, body: object): ServerResponse {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  return response.end(text);
}
