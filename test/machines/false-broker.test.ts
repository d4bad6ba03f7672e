import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { newUser } from '../../core/machines/broker-state.ts';
import { brokerCertificate } from '../../core/machines/certificate.ts';
import { dialBroker, untilRefused } from '../../core/machines/connection.ts';
import { brokerName } from '../../core/machines/subjects.ts';
import { temporaryFolder } from '../data/support.ts';
import { Witness, job } from '../workers/jobs.ts';
import { TestBroker } from './broker.ts';
import { falseBrokers } from './false-broker.ts';
import { FAST, ScriptedAgent } from './lab.ts';
import { noBroker } from './open-broker.ts';
import { joinMachines } from './support.ts';

/** Settles when a connection that is down has been dialled again so many times. */
async function dialled(connection: NatsConnection, times: number): Promise<'dialled'> {
  let count = 0;
  for await (const { type } of connection.status())
    if (type === 'reconnecting' && ++count > times) break;
  return 'dialled';
}

test(
  'an agent keeps its runs from a stranger on its lab’s port, and goes on with its lab',
  { skip: noBroker },
  async (t) => {
    const broker = await TestBroker.open(['a']);
    t.after(() => broker.close());
    const agent = await ScriptedAgent.start(broker.pairing('a'), { slots: 1, pace: 50 });
    t.after(() => agent.vanish());
    const machines = await joinMachines(broker, ['a'], { lookTime: FAST });
    t.after(() => machines.close());
    const slot = 'a/scripted:0';
    const isReady = (): boolean =>
      machines.slots().some(({ name, state }) => name === slot && state === 'ready');
    while (!isReady()) await sleep(5);
    const witness = new Witness();
    machines.start(slot, job({ training: { ...job().training, epochs: 40 } }), witness);
    while (witness.epochs.length === 0) await sleep(5);

    const { connection } = agent.link;
    const refused = untilRefused(connection, 1);
    await broker.kill();
    for (const [what, open] of Object.entries(falseBrokers)) {
      const stranger = await open(broker);
      const first = await Promise.race([refused, dialled(connection, 3)]);
      assert.equal(first, 'dialled', what);
      assert.deepEqual(stranger.heard, [], what);
      assert.equal(agent.session.jobs.length, 1, what);
      await stranger.close();
    }
    const before = witness.epochs.length;
    await broker.start();
    while (witness.epochs.length < before + 2) await sleep(5);
    assert.equal(agent.runner.started.length, 1, 'the run was never begun again');
  },
);

test('a stranger who never answers holds one connection of an agent at most', async (t) => {
  const sockets = new Set<Socket>();
  let taken = 0;
  const silent = createServer((socket) => {
    taken++;
    sockets.add(socket);
    socket.on('error', () => undefined); // an agent gives up
    socket.on('close', () => sockets.delete(socket));
    socket.resume();
  }).listen(0, '127.0.0.1');
  t.after(() => silent.close());
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const lab = 'testlab0';
  const { ca } = await brokerCertificate(await temporaryFolder(t), [brokerName(lab)]);
  const { seed } = newUser();
  const servers = [`127.0.0.1:${port}`];
  const dial = { lab, servers, seed, ca, inbox: '_INBOX', name: 'a', timeout: 100 };
  for (let time = 0; time < 3; time++) await assert.rejects(dialBroker(dial));
  while (taken < 3 || sockets.size > 0) await sleep(5);
});
