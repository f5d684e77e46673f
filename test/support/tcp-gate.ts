/** A TCP gate before a server: shut, it refuses every connection as a dead machine does, and it can lead elsewhere later. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TcpGate {
  /** The target's URL with the gate's address in its place. */
  url(target: string): string;
  /** Breaks every connection; new ones are refused. */
  shut(): Promise<void>;
  /** Lets through again. @param port another one of the target from now on */
  open(port?: number): Promise<void>;
  close(): Promise<void>;
}

/** @param target port on loopback */
export async function startTcpGate(target: number): Promise<TcpGate> {
  let port = target;
  const sockets = new Set<Socket>();
  const server = createServer((inbound) => {
    const outbound = connect({ host: '127.0.0.1', port });
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
      socket.pipe(other);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: own } = server.address() as AddressInfo;
  const shut = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return {
    url(of) {
      const url = new URL(of);
      url.hostname = '127.0.0.1';
      url.port = String(own);
      return url.href;
    },
    shut,
    open: async (to = port) => {
      port = to;
      if (server.listening) return;
      server.listen(own, '127.0.0.1');
      await once(server, 'listening');
    },
    close: shut,
  };
}
