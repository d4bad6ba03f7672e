import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { quoted } from '../../core/machines/launchers/quoted.ts';
import { Tunnel } from '../../core/machines/launchers/ssh.ts';
import { temporaryFolder } from '../data/support.ts';
import { freePorts } from './ports.ts';
import { noSshServer, sshServer } from './ssh-server.ts';

const program = resolve(import.meta.dirname, '../../core/machines/launchers/relay.ts');
/** An address of a login node that sshd does not open for tunnels. */
const address = '127.0.0.2';

/** What an echo at a place answers; undefined while nobody listens. */
async function echoAt(host: string, port: number): Promise<string | undefined> {
  const socket = connect(port, host);
  try {
    await once(socket, 'connect');
    socket.write('hello');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return answer.toString();
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}

test('compute nodes reach the lab through a relay on the login node, which ends with its tunnel', async (t) => {
  if (noSshServer !== false) {
    t.skip(noSshServer);
    return;
  }
  await sshServer(t, await temporaryFolder(t));
  const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  t.after(() => echo.close());
  await once(echo, 'listening');
  const { port: local } = echo.address() as { port: number };
  const [port] = (await freePorts(1)) as [number];
  const script = `exec ${quoted(process.execPath)} ${quoted(program)} ${address} ${port}`;
  const tunnel = new Tunnel('server', `127.0.0.1:${port}`, local, () => undefined, script);
  let answer: string | undefined;
  while ((answer = await echoAt(address, port)) === undefined) await delay(50);
  assert.equal(answer, 'hello');
  await tunnel.close();
  while ((await echoAt(address, port)) !== undefined) await delay(50);
});

test('a relay that cannot listen says why', async (t) => {
  if (noSshServer !== false) {
    t.skip(noSshServer);
    return;
  }
  await sshServer(t, await temporaryFolder(t));
  const [port] = (await freePorts(1)) as [number];
  const script = `exec ${quoted(process.execPath)} ${quoted(program)} 203.0.113.1 ${port}`;
  const tunnel = new Tunnel('server', `127.0.0.1:${port}`, 9, () => undefined, script);
  t.after(() => tunnel.close());
  while (tunnel.problem === null) await delay(50);
  assert.match(tunnel.problem.message, /EADDRNOTAVAIL/);
});
