/** A TCP proxy that a test can cut: the database as it looks when the network or the server is gone. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  /** The URL with the proxy's address in place of the target's. */
  url: string;
  /** Breaks every connection and refuses new ones. */
  cut(): void;
  /** Swallows everything in silence, as a network that drops packets. */
  hang(): void;
  restore(): void;
  close(): Promise<void>;
}

export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let state: 'open' | 'cut' | 'hanging' = 'open';
  const server = createServer((inbound) => {
    sockets.add(inbound);
    inbound.on('error', () => undefined).on('close', () => sockets.delete(inbound));
    if (state === 'cut') return inbound.destroy();
    const outbound = connect({ host: hostname, port: Number(port) });
    sockets.add(outbound);
    outbound.on('error', () => inbound.destroy()).on('close', () => sockets.delete(outbound));
    inbound.on('data', (bytes) => state === 'open' && outbound.write(bytes));
    outbound.on('data', (bytes) => state === 'open' && inbound.write(bytes));
    inbound.on('close', () => outbound.destroy());
    outbound.on('close', () => inbound.destroy());
    return inbound;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  const breakAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: url.href,
    cut: () => {
      state = 'cut';
      breakAll();
    },
    hang: () => {
      state = 'hanging';
    },
    restore: () => {
      state = 'open';
      breakAll();
    },
    close: async () => {
      breakAll();
      server.close();
      await once(server, 'close');
    },
  };
}
