/** A keep-alive HTTP connection for load: one request at a time, and as little work per request as it takes. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const headEnd = Buffer.from('\r\n\r\n');

/** Reads status and length of an answer that may still be arriving; null until it is complete. @throws Error for one without a length */
export function readAnswer(bytes: Buffer): { status: number; length: number } | null {
  const end = bytes.indexOf(headEnd);
  if (end === -1) return null;
  const head = bytes.toString('latin1', 0, end);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
  const length = endOfBody(bytes, end + headEnd.length, head);
  return length === null || bytes.length < length ? null : { status, length };
}

/** Where the body ends that begins at this place; null while that is not known. */
function endOfBody(bytes: Buffer, start: number, head: string): number | null {
  const bodyLength = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (bodyLength !== undefined) return start + Number(bodyLength);
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) {
    throw new Error('an answer without a length cannot be read');
  }
  // Chunks: their size in hexadecimal digits, a line's end, their bytes, a line's end; the last one is empty.
  for (let place = start; ; ) {
    const lineEnd = bytes.indexOf('\r\n', place);
    if (lineEnd === -1) return null;
    const size = Number.parseInt(bytes.toString('latin1', place, lineEnd), 16);
    place = lineEnd + size + 4;
    if (size === 0) return place;
  }
}

export class HttpConnection {
  readonly #socket: Socket;
  readonly #host: string;
  #received: Buffer = Buffer.alloc(0);
  #waiting: { resolve(status: number): void; reject(error: Error): void } | null = null;

  /** Connects. @throws the socket's error */
  static async open(serverUrl: string): Promise<HttpConnection> {
    const { hostname, port, host } = new URL(serverUrl);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, 'connect');
    return new HttpConnection(socket, host);
  }

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  /** Posts and returns the status of the answer. Rejects when the connection breaks. */
  post(path: string, headers: Record<string, string>, body: string): Promise<number> {
    let head = `POST ${path} HTTP/1.1\r\nHost: ${this.#host}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
    for (const name in headers) head += `${name}: ${headers[name]}\r\n`;
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(`${head}\r\n${body}`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    try {
      const answer = readAnswer(this.#received);
      if (answer === null) return;
      this.#received = this.#received.subarray(answer.length);
      const waiting = this.#waiting;
      this.#waiting = null;
      waiting?.resolve(answer.status);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error);
    this.#waiting = null;
  }
}
