import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { createUser } from '@nats-io/nkeys';
import type { NatsConnection } from '@nats-io/transport-node';
import { runAgent } from '../../core/machines/agent.ts';
import { type Broker, openBroker } from '../../core/machines/broker.ts';
import { brokerCertificate } from '../../core/machines/certificate.ts';
import { clockProblem } from '../../core/machines/clock.ts';
import { dialBroker, dialLab, untilRefused } from '../../core/machines/connection.ts';
import { nkeyLogin } from '../../core/machines/login.ts';
import {
  expirePairings,
  pairingDays,
  pairingFile,
  pairMachine,
  readPairing,
  unpairMachine,
} from '../../core/machines/pairing.ts';
import { pinnedTls } from '../../core/machines/pinned-tls.ts';
import { downSubject, labInbox, machineInbox, upSubject } from '../../core/machines/subjects.ts';
import { temporaryFolder } from '../data/support.ts';
import { brokerFor, noBroker } from './open-broker.ts';

/** A lab's broker with machines `a` and `b`, and a connection of each. */
async function pairedLab(t: TestContext, listen?: string) {
  const folder = join(await temporaryFolder(t), 'machines');
  const broker = await brokerFor(t, { folder, listen });
  const join_ = async (id: string): Promise<NatsConnection> => {
    const file = await pairMachine(broker, folder, { id, name: id }, broker.servers);
    const connection = await dialLab(readPairing(file));
    t.after(() => connection.close());
    return connection;
  };
  return {
    folder,
    broker,
    lab: await broker.labConnection(),
    a: await join_('a'),
    b: await join_('b'),
  };
}

/** The broker's complaint about what a connection did. */
async function complaint(connection: NatsConnection, act: () => void): Promise<string> {
  const statuses = connection.status();
  act();
  for await (const status of statuses) if (status.type === 'error') return status.error.message;
  return '';
}

async function untilBack(connection: NatsConnection): Promise<void> {
  for await (const { type } of connection.status()) if (type === 'reconnect') return;
}

const up = (broker: Broker, machine: string, word: string) => upSubject(broker.lab, machine, word);

describe('the broker of a lab', { skip: noBroker }, () => {
  test('carries requests both ways between the lab and a machine', async (t) => {
    const { broker, lab, a } = await pairedLab(t);
    lab.subscribe(up(broker, 'a', 'report'), {
      callback: (_error, message) => {
        message.respond(`heard ${message.string()}`);
      },
    });
    a.subscribe(downSubject(broker.lab, 'a', 'start'), {
      callback: (_error, message) => {
        message.respond('started');
      },
    });
    await lab.flush();
    await a.flush();
    const answer = await a.request(up(broker, 'a', 'report'), 'epoch 1', { timeout: 5000 });
    assert.equal(answer.string(), 'heard epoch 1');
    const start = await lab.request(downSubject(broker.lab, 'a', 'start'), '', { timeout: 5000 });
    assert.equal(start.string(), 'started');
  });

  test('refuses a machine what is not its own, and says so', async (t) => {
    const { broker, a } = await pairedLab(t);
    const { lab } = broker;
    for (const subject of [
      upSubject(lab, 'b', 'report'),
      downSubject(lab, 'b', 'start'),
      downSubject(lab, 'a', 'start'),
      upSubject('otherlab1', 'a', 'report'),
      `${machineInbox(lab, 'b')}.1`,
      `${labInbox(lab)}.1`,
      '$JS.API.INFO',
      '$SYS.REQ.SERVER.PING',
    ])
      assert.match(await complaint(a, () => a.publish(subject)), /Permissions Violation/i, subject);
    for (const subject of [
      '>',
      `ktg.${lab}.>`,
      downSubject(lab, 'b', '>'),
      `${machineInbox(lab, 'b')}.>`,
      `${labInbox(lab)}.>`,
      upSubject(lab, 'a', 'report'),
    ])
      assert.match(
        await complaint(a, () => a.subscribe(subject, { callback: () => undefined })),
        /Permissions Violation/i,
        subject,
      );
  });

  test('a forged report never reaches the lab', async (t) => {
    const { broker, lab, a, b } = await pairedLab(t);
    const heard: string[] = [];
    lab.subscribe(`ktg.${broker.lab}.up.>`, {
      callback: (_error, message) => {
        heard.push(message.subject);
      },
    });
    await lab.flush();
    a.publish(up(broker, 'b', 'report'), 'forged');
    await a.flush();
    b.publish(up(broker, 'b', 'report'), 'true');
    await b.flush();
    await lab.flush();
    assert.deepEqual(heard, [up(broker, 'b', 'report')]);
  });

  test('refuses an unknown key and a connection without one', async (t) => {
    const { broker } = await pairedLab(t);
    const seed = new TextDecoder().decode(createUser().getSeed());
    const { servers, lab, ca } = broker;
    const dial = { lab, servers, ca, inbox: '_INBOX', name: 'x' };
    await assert.rejects(dialBroker({ ...dial, seed }), /authoriz/i);
    const { connect } = await import('@nats-io/transport-node');
    const { options, end } = pinnedTls(lab, ca);
    await assert.rejects(connect({ servers, tls: options }), /authoriz/i);
    end();
  });

  test('removing a machine cuts its connection and leaves the others', async (t) => {
    const { broker, folder, a, b } = await pairedLab(t);
    const statuses = a.status();
    await unpairMachine(broker, folder, 'a');
    for await (const { type } of statuses) if (type === 'disconnect') break;
    assert.equal(b.isClosed(), false);
    await b.flush();
    assert.deepEqual(
      broker.machines().map(({ id }) => id),
      ['b'],
    );
    assert.deepEqual(readdirSync(join(folder, 'pairings')), ['b.json']);
  });

  test('an agent whose machine is removed ends and says why', async (t) => {
    const { broker, folder, lab } = await pairedLab(t);
    const greeted = new Promise<void>((resolve) => {
      lab.subscribe(up(broker, 'b', 'hello'), { callback: () => resolve() });
    });
    const ending = new AbortController();
    t.after(() => ending.abort());
    const lines: string[] = [];
    const agent = runAgent(readPairing(pairingFile(folder, 'b')), {
      engine: 'portable',
      dataFolder: null,
      folder: await temporaryFolder(t),
      devices: [],
      signal: ending.signal,
      log: (line) => lines.push(line),
    });
    await Promise.race([greeted, agent]);
    await unpairMachine(broker, folder, 'b');
    await assert.rejects(agent, { code: 'machines.key-refused', message: /key of b: .*removed/ });
    assert.match(lines.at(-1)!, /^Connected to/);
  });

  test('the broker of another lab on the same port does not end an agent', async (t) => {
    const { broker, folder, a } = await pairedLab(t);
    const refused = untilRefused(a, 1);
    const dials = async (): Promise<string> => {
      let count = 0;
      for await (const { type } of a.status()) if (type === 'reconnecting' && ++count > 4) break;
      return 'still there';
    };
    const many = dials();
    await broker.close();
    const other = `${folder}-2`;
    mkdirSync(other, { mode: 0o700 });
    const state = readFileSync(join(folder, 'broker.json'), 'utf8');
    writeFileSync(join(other, 'broker.json'), state.replace(broker.lab, 'otherlab'));
    const stranger = await brokerFor(t, { folder: other });
    await unpairMachine(stranger, other, 'a');
    assert.equal(await Promise.race([refused, many]), 'still there');
    const back = untilBack(a);
    await stranger.close();
    const again = await brokerFor(t, { folder });
    await back;
    await unpairMachine(again, folder, 'a');
    assert.equal(await refused, true);
  });

  test('pairing a machine again makes the stolen file worthless', async (t) => {
    const { broker, folder } = await pairedLab(t);
    const stolen = readPairing(pairingFile(folder, 'a'));
    await pairMachine(broker, folder, { id: 'a', name: 'a' }, broker.servers);
    await assert.rejects(dialLab(stolen), /authoriz/i);
    await (await dialLab(readPairing(pairingFile(folder, 'a')))).close();
  });

  test('a killed server is back, and everybody connects again', async (t) => {
    const { broker, lab, a } = await pairedLab(t);
    a.subscribe(downSubject(broker.lab, 'a', 'hello'), {
      callback: (_error, message) => {
        message.respond('here');
      },
    });
    const restarted = new Promise<void>((resolve) => broker.onRestart(resolve));
    const back = [lab, a].map(untilBack);
    process.kill(broker.pid!, 'SIGKILL');
    await Promise.all([restarted, ...back]);
    await a.flush(); // its subscription is there again
    const answer = await lab.request(downSubject(broker.lab, 'a', 'hello'), '', { timeout: 5000 });
    assert.equal(answer.string(), 'here');
  });

  test('keeps its lab, port and keys over a restart of the lab', async (t) => {
    const { broker, folder } = await pairedLab(t);
    const { lab, servers } = broker;
    await broker.close();
    const again = await brokerFor(t, { folder });
    assert.deepEqual([again.lab, again.servers], [lab, servers]);
    await (await dialLab(readPairing(pairingFile(folder, 'a')))).close();
  });

  test('keeps secrets out of its files, and its files to this user', async (t) => {
    const { folder } = await pairedLab(t);
    const seed = readPairing(pairingFile(folder, 'a')).seed;
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const path = join(folder, name);
      if (!statSync(path).isFile()) continue;
      const text = readFileSync(path, 'utf8');
      assert.equal(text.includes(seed), name === join('pairings', 'a.json'), name);
      if (/\.(json|conf|pem)$/.test(name)) assert.equal(statSync(path).mode & 0o077, 0, name);
    }
    assert.equal(statSync(folder).mode & 0o077, 0);
  });

  test('says which address is taken', async (t) => {
    const { broker, folder } = await pairedLab(t);
    await broker.close();
    const other = createServer((socket) => socket.destroy()).listen(broker.port, '127.0.0.1');
    await once(other, 'listening');
    t.after(() => other.close());
    await assert.rejects(openBroker({ folder }), {
      code: 'machines.broker-does-not-start',
      message: new RegExp(`127.0.0.1:${broker.port}.*in use`),
    });
  });

  test('names a damaged folder', async (t) => {
    const { broker, folder } = await pairedLab(t);
    await broker.close();
    writeFileSync(join(folder, 'broker.json'), '{"format":"ktg-broker"}');
    await assert.rejects(openBroker({ folder }), { code: 'machines.broker-folder' });
  });

  test('off loopback machines dial a name or address of this computer', async (t) => {
    const { broker } = await pairedLab(t, '0.0.0.0');
    assert.ok(broker.servers.every((server) => !server.startsWith('127.')));
  });

  test('machines need TLS and the certificate of this lab', async (t) => {
    const { folder, broker } = await pairedLab(t);
    const pairing = readPairing(pairingFile(folder, 'a'));
    assert.match(pairing.ca ?? '', /BEGIN CERTIFICATE/);
    const other = await brokerFor(t, { folder: `${folder}-2` });
    await assert.rejects(dialLab({ ...pairing, ca: other.ca }), /certificate|signature/i);
    await assert.rejects(dialLab({ ...pairing, lab: other.lab }), /certificate/i);
    const { connect } = await import('@nats-io/transport-node');
    const authenticator = nkeyLogin(pairing.seed);
    const plain = connect({ servers: broker.servers, authenticator, tls: null });
    await assert.rejects(plain, /certificate|secure|tls/i);
    assert.equal(statSync(join(folder, 'ca-key.pem')).mode & 0o077, 0);
  });

  test('a clock outside the dates of the certificate is named with both dates', async (t) => {
    const { ca } = await brokerCertificate(await temporaryFolder(t), ['127.0.0.1']);
    const now = Date.parse('1999-12-31T12:00:00Z');
    const found = clockProblem('certificate is not yet valid', ca, now);
    assert.match(found?.message ?? '', /says 1999-12-31; .* from 2020-01-01 to 2099-12-31/);
    assert.equal(clockProblem('unable to verify the first certificate', ca, now), null);
  });

  test('an unused pairing expires, a used one stays', async (t) => {
    const { broker, folder } = await pairedLab(t);
    await broker.markUsed('b');
    const later = Date.now() + (pairingDays + 1) * 24 * 3600 * 1000;
    assert.deepEqual(await expirePairings(broker, folder, Date.now()), []);
    assert.deepEqual(await expirePairings(broker, folder, later), ['a']);
    assert.deepEqual(
      broker.machines().map(({ id }) => id),
      ['b'],
    );
    assert.deepEqual(readdirSync(join(folder, 'pairings')), ['b.json']);
  });
});

describe('a pairing file', { skip: noBroker }, () => {
  test('is refused when it is damaged, of another version or open to others', async (t) => {
    const { folder } = await pairedLab(t);
    const file = pairingFile(folder, 'a');
    const pairing = readPairing(file);
    const attempts = {
      'not JSON': '{',
      'another version': JSON.stringify({ ...pairing, version: 2 }),
      'another format': JSON.stringify({ ...pairing, format: 'ktg-plan' }),
      'no key': JSON.stringify({ ...pairing, seed: undefined }),
      'no certificate': JSON.stringify({ ...pairing, ca: undefined }),
      'a machine that climbs': JSON.stringify({ ...pairing, machine: '../b' }),
      'a wildcard': JSON.stringify({ ...pairing, machine: '>' }),
      'more than it may say': JSON.stringify({ ...pairing, run: 'rm' }),
    };
    for (const [what, text] of Object.entries(attempts)) {
      writeFileSync(file, text);
      assert.throws(() => readPairing(file), { code: 'machines.bad-pairing' }, what);
    }
    writeFileSync(file, attempts['no certificate']);
    assert.throws(() => readPairing(file), {
      message: /of a is of an older version and holds no certificate/,
      next: /ktg machines remove a\b.*ktg machines add command --name a/s,
    });
    const open = join(folder, 'open.json');
    writeFileSync(open, JSON.stringify(pairing), { mode: 0o644 });
    assert.throws(() => readPairing(open), /Other users can read/);
    assert.throws(() => readPairing(join(folder, 'none.json')), { code: 'machines.bad-pairing' });
  });
});
