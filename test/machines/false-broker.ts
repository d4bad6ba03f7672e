import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NatsConnection, connect } from '@nats-io/transport-node';
import { natsServer } from '../../core/install/nats-server.ts';
import { brokerCertificate } from '../../core/machines/certificate.ts';
import { dialBroker } from '../../core/machines/connection.ts';
import { newUser } from '../../core/machines/broker-state.ts';
import { brokerName } from '../../core/machines/subjects.ts';
import { encode } from '../../core/machines/wire.ts';
import { endProcess } from './end-process.ts';
import { untilOpen } from './ports.ts';

/** What a stranger puts on the port that leads to a lab. */
export interface FalseBroker {
  /** Subjects of messages that came. */
  heard: string[];
  close: () => Promise<void>;
}

interface Place {
  lab: string;
  port: number;
}

const welcome = {
  type: 'welcome',
  session: '0123456789abcdef',
  keep: [],
  grace: 0,
  handEvery: 0,
};

/** A nats-server that lets everybody in, with an own certificate or in plain text. */
async function stranger({ lab, port }: Place, isPlain: boolean): Promise<FalseBroker> {
  const folder = mkdtempSync(join(tmpdir(), 'ktg-stranger-'));
  const { ca, certificate, key } = await brokerCertificate(folder, [brokerName(lab)]);
  const tls = { cert_file: certificate, key_file: key, handshake_first: true };
  const config = {
    ...{ server_name: brokerName(lab), host: '127.0.0.1', port },
    ...(!isPlain && { tls }),
  };
  writeFileSync(join(folder, 'broker.conf'), JSON.stringify(config));
  const server = spawn(await natsServer(), ['-c', join(folder, 'broker.conf')], {
    stdio: 'ignore',
  });
  await untilOpen(port);
  const servers = [`127.0.0.1:${port}`];
  const { seed } = newUser();
  const connection = isPlain
    ? await connect({ servers, tls: null })
    : await dialBroker({ lab, servers, seed, ca, inbox: '_INBOX', name: 'stranger' });
  return { heard: greet(connection, lab), close: () => close(connection, server, folder) };
}

/** Welcomes every agent to a lab that wants none of its runs. */
function greet(connection: NatsConnection, lab: string): string[] {
  const heard: string[] = [];
  connection.subscribe(`ktg.${lab}.up.>`, {
    callback: (_error, message) => {
      heard.push(message.subject);
      if (message.subject.endsWith('.hello')) message.respond(encode(welcome));
    },
  });
  return heard;
}

async function close(
  connection: NatsConnection,
  server: ChildProcess,
  folder: string,
): Promise<void> {
  await connection.close();
  await endProcess(server);
  rmSync(folder, { recursive: true });
}

/** Refuses every key before it is asked. */
async function refuser({ lab, port }: Place): Promise<FalseBroker> {
  const info = { server_id: 'x', server_name: brokerName(lab), version: '2.10.27', proto: 1 };
  const greeting = `INFO ${JSON.stringify({ ...info, headers: true, max_payload: 1 << 20 })}\r\n`;
  const server = createServer((socket) => {
    socket.on('error', () => undefined); // the agent closes first
    socket.resume();
    socket.end(`${greeting}-ERR 'Authorization Violation'\r\n`);
  });
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    heard: [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      }),
  };
}

/** Each way of playing a lab, by what it does. */
export const falseBrokers: Readonly<Record<string, (place: Place) => Promise<FalseBroker>>> = {
  'a welcome in plain text': (place) => stranger(place, true),
  'a welcome under a certificate of its own': (place) => stranger(place, false),
  'a refusal of the key': refuser,
};
