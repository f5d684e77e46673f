/** A proxy before PostgreSQL that can hold back the answer to a COMMIT: committed, and the server does not know it. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface CommitProxy {
  /** The target's URL with the proxy's address. */
  url: string;
  /**
   * From now on, a connection on which this text was sent gets nothing any more once it has sent a COMMIT after it.
   * Resolves when that has happened.
   */
  holdCommitAfter(text: string): Promise<void>;
  close(): Promise<void>;
}

/** @param target connection string without TLS, whose messages can be read */
export async function startCommitProxy(target: string): Promise<CommitProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let wanted: { text: string; held: () => void } | null = null;
  const server = createServer((inbound) => {
    const outbound = connect({ host: hostname, port: Number(port) });
    const connection = { marked: false, held: false };
    for (const [socket, other] of [
      [inbound, outbound],
      [outbound, inbound],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    inbound.on('data', (bytes: Buffer) => {
      if (wanted !== null && bytes.includes(wanted.text)) connection.marked = true;
      if (connection.marked && wanted !== null && bytes.includes('COMMIT\0')) {
        connection.held = true;
        wanted.held();
        wanted = null;
      }
      outbound.write(bytes);
    });
    outbound.on('data', (bytes: Buffer) => {
      if (!connection.held) inbound.write(bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    holdCommitAfter: (text) =>
      new Promise((held) => {
        wanted = { text, held };
      }),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
