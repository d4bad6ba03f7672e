import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Ports of loopback that are free together. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(
    servers.map((server) => {
      server.close();
      return once(server, 'close');
    }),
  );
  return ports;
}

/** Waits until a server on a port of loopback greets new connections. */
export async function untilGreeted(port: number): Promise<void> {
  while (!(await tells(port, 'data'))) await sleep(5);
}

/** Waits until a server on a port of loopback takes connections. */
export async function untilOpen(port: number): Promise<void> {
  while (!(await tells(port, 'connect'))) await sleep(5);
}

const tells = (port: number, event: 'connect' | 'data'): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on(event, () => {
      resolve(true);
      socket.destroy();
    });
    socket.on('error', () => undefined); // it closes next
    socket.on('close', () => {
      resolve(false);
    });
  });
