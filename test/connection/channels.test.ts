import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { after } from 'node:test';
import { WebSocket } from 'ws';
import { connectLab } from '../../core/connection/channel.ts';
import { protocolsWith, sessionOf } from '../../core/connection/browser-session.ts';
import { type Port, messagePort, portPair, webSocketPort } from '../../core/connection/port.ts';
import { serveLab } from '../../core/connection/serve-lab.ts';
import type { LabApi } from '../../core/lab/api.ts';
import { connectLocalSocket, listenOnLocalSocket } from '../../core/connection/local-socket.ts';
import { forPages } from '../../core/connection/page-access.ts';
import { CHANNEL_PATH, serve } from '../../core/connection/http-server.ts';
import { labContract } from '../contract/lab.ts';
import { scriptedLab } from '../lab/support.ts';

const folder = mkdtempSync(join(tmpdir(), 'ktg-test-'));
writeFileSync(join(folder, 'index.html'), '<!doctype html>');
after(() => {
  rmSync(folder, { recursive: true });
});

const over = async (ports: readonly [Port, Port], as = (lab: LabApi) => lab) => {
  const lab = scriptedLab();
  serveLab(as(lab), ports[0]);
  const line = connectLab(ports[1]);
  return Promise.resolve({
    api: line.api,
    close: async () => {
      line.close();
      await line.closed;
      await lab.close('at-once');
    },
  });
};

labContract('in process', 'program', async () => {
  const lab = scriptedLab();
  return Promise.resolve({ api: lab, close: async () => lab.close('at-once') });
});

labContract('pair of ports', 'program', async () => over(portPair()));

labContract('MessagePort', 'page', async () => {
  const { port1, port2 } = new MessageChannel();
  return over([messagePort(asMain(port1)), messagePort(port2)], forPages);
});

labContract('WebSocket', 'page', async () => {
  const lab = scriptedLab();
  const served = await serve(lab, { folder });
  const token = new URL(served.url).hash.replace('#token=', '');
  const address = `ws://127.0.0.1:${served.port}${CHANNEL_PATH}`;
  const origin = `http://127.0.0.1:${served.port}`;
  const socket = new WebSocket(address, protocolsWith(token), { origin });
  await sessionOf(socket);
  const line = connectLab(webSocketPort(socket));
  return {
    api: line.api,
    close: async () => {
      line.close();
      await line.closed;
      await served.close();
      await lab.close('at-once');
    },
  };
});

labContract('local socket', 'program', async () => {
  const lab = scriptedLab();
  const leave = await listenOnLocalSocket(lab, join(folder, 'lab.sqlite'));
  const line = (await connectLocalSocket(join(folder, 'lab.sqlite')))!;
  return {
    api: line.api,
    close: async () => {
      line.close();
      await line.closed;
      leave();
      await lab.close('at-once');
    },
  };
});

/** A port of Electron's main process gives events, where Node gives the data itself. */
function asMain(port: import('node:worker_threads').MessagePort) {
  return {
    postMessage: (message: unknown) => {
      port.postMessage(message);
    },
    close: () => {
      port.close();
    },
    start: () => {
      port.start();
    },
    on: (type: 'message' | 'close', listener: (event: never) => void) =>
      type === 'message'
        ? port.on('message', (data: unknown) => {
            listener({ data } as never);
          })
        : port.on('close', listener as () => void),
  };
}
