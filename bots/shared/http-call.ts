/** One HTTP request to the platform: no retries, no redirects, a hard time limit, and honest about what left us. */
import http from 'node:http';
import https from 'node:https';

export interface HttpCall {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  headers: Record<string, string>;
  /** None without it. */
  body?: string;
  /** Instead of the caller's own limit. */
  timeoutMs?: number;
}

export type HttpResult =
  | { kind: 'answered'; status: number; headers: http.IncomingHttpHeaders; body: string }
  /** No answer. `mayHaveLeft`: the request, or a part of it, may have reached the platform. */
  | { kind: 'failed'; mayHaveLeft: boolean; code: string };

/** Keeps connections open between calls; both platforms' hosts and loopback simulators are served by one pair of agents. */
export class HttpCaller {
  readonly #timeoutMs: number;
  readonly #maxAnswerBytes: number;
  // `timeout` closes idle sockets before the far side does, which would lose the next request on them.
  readonly #http = new http.Agent({ keepAlive: true, maxSockets: 512, timeout: 15_000 });
  readonly #https = new https.Agent({ keepAlive: true, maxSockets: 512, timeout: 15_000 });

  /** @param maxAnswerBytes a longer answer counts as none. */
  constructor(timeoutMs: number, maxAnswerBytes = 65_536) {
    this.#timeoutMs = timeoutMs;
    this.#maxAnswerBytes = maxAnswerBytes;
  }

  /** Makes the call; never rejects. The time limit covers everything from the wait for a socket to the last byte. */
  call(request: HttpCall): Promise<HttpResult> {
    return new Promise((resolve) => {
      // Taken apart here: `http.request` does the same to a text at twice the cost.
      const { protocol, hostname, port, pathname, search } = new URL(request.url);
      const secure = protocol === 'https:';
      let mayHaveLeft = false;
      const outgoing = (secure ? https : http).request({
        method: request.method,
        host: hostname.replace(/^\[|\]$/g, ''),
        port,
        path: pathname + search,
        agent: secure ? this.#https : this.#http,
        headers: headersOf(request),
      });
      const limit = request.timeoutMs ?? this.#timeoutMs;
      const deadline = performance.now() + limit;
      const timer = setTimeout(() => outgoing.destroy(new TimeoutError()), limit);
      const settle = (result: HttpResult) => {
        clearTimeout(timer);
        resolve(result);
      };
      const fail = (error: Error) => settle({ kind: 'failed', mayHaveLeft, code: codeOf(error) });
      const write = () => {
        // A process that was stopped for a while goes on here before its timer is heard.
        if (performance.now() >= deadline) outgoing.destroy(new TimeoutError());
        else {
          mayHaveLeft = true;
          outgoing.end(request.body);
        }
      };
      // Nothing is written before the connection stands, for TLS before it is secured.
      outgoing.on('socket', (socket) => {
        if (socket.connecting) socket.once(secure ? 'secureConnect' : 'connect', write);
        else write();
      });
      outgoing.on('error', fail);
      outgoing.on('response', (response) => readBody(response, this.#maxAnswerBytes, settle, fail));
    });
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

function headersOf(request: HttpCall): http.OutgoingHttpHeaders {
  if (request.body === undefined) return request.headers;
  return { ...request.headers, 'content-length': Buffer.byteLength(request.body) };
}

class TimeoutError extends Error {
  readonly code = 'ETIMEDOUT';
}

function readBody(
  response: http.IncomingMessage,
  maxBytes: number,
  settle: (result: HttpResult) => void,
  fail: (error: Error) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
    else response.destroy(new Error('the answer is too large'));
  });
  response.on('end', () => {
    const body = Buffer.concat(chunks).toString('utf8');
    settle({ kind: 'answered', status: response.statusCode ?? 0, headers: response.headers, body });
  });
  // A connection that breaks inside the answer ends with an error; what comes after `end` changes nothing any more.
  response.on('error', fail);
}

function codeOf(error: Error): string {
  const code = 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'unknown';
}
