import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Machine } from '../../core/study/machine.ts';
import { MachineManager } from '../../core/machines/machine-manager.ts';
import { readPairing } from '../../core/machines/pairing.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import { temporaryFolder } from '../data/support.ts';
import { noBroker } from './open-broker.ts';
import { openManager, until } from './open-manager.ts';
import { noSshServer, sshServer } from './ssh-server.ts';

describe('the machines of a lab', { skip: noBroker }, () => {
  test('start no broker while there are none', async (t) => {
    const folder = await temporaryFolder(t);
    await openManager(t, folder);
    assert.equal(existsSync(join(folder, 'machines')), false);
  });

  test('a machine that is started by hand gets a pairing and a line', async (t) => {
    const folder = await temporaryFolder(t);
    const { machines } = await openManager(t, folder);
    const added = await machines.add("Lena's box", { kind: 'command' });
    assert.equal(added.machine.id, 'lena-s-box');
    assert.equal(added.machine.state, 'paired');
    assert.equal(added.command, `ktg agent --pairing ${added.pairing}`);
    assert.equal(readPairing(added.pairing).machine, 'lena-s-box');
    const second = await machines.add("Lena's box", { kind: 'command' });
    assert.equal(second.machine.id, 'lena-s-box-2');
    await machines.remove('lena-s-box');
    assert.equal(existsSync(added.pairing), false);
    assert.deepEqual(
      machines.views().map(({ id }) => id),
      ['lena-s-box-2'],
    );
    await assert.rejects(machines.remove('lena-s-box'), { code: 'agents.not-there' });
  });

  test('stay drained over a restart of the lab', async (t) => {
    const folder = await temporaryFolder(t);
    const first = await openManager(t, folder);
    await first.machines.add('a', { kind: 'command' });
    first.machines.drain('a', true);
    await first.close();
    const again = await openManager(t, folder, first.store);
    assert.equal(again.machines.view('a').drained, true);
    assert.equal(again.machines.problem, null);
  });

  test('a lab whose broker cannot start opens all the same and says why', async (t) => {
    const folder = await temporaryFolder(t);
    const first = await openManager(t, folder);
    await first.machines.add('a', { kind: 'command' });
    await first.close();
    process.env.KTG_NATS = '/nowhere/nats-server';
    t.after(() => delete process.env.KTG_NATS);
    const { machines } = await openManager(t, folder, first.store);
    assert.equal(machines.problem?.code, 'machines.no-broker');
    assert.equal(machines.view('a').problem?.code, 'machines.no-broker');
  });

  test('a pairing of an older version is refused with the commands that make a new one', async (t) => {
    const folder = await temporaryFolder(t);
    const first = await openManager(t, folder);
    const { pairing } = await first.machines.add('Box', { kind: 'command' });
    await first.close();
    withoutCertificate(pairing);
    const { machines } = await openManager(t, folder, first.store);
    const { problem } = machines.view('box');
    assert.equal(problem?.code, 'machines.pairing-plain');
    assert.match(problem.next, /ktg machines remove box.*ktg machines add command --name box/s);
    await machines.remove('box');
    assert.equal((await machines.add('Box', { kind: 'command' })).machine.problem, null);
  });

  test('another address is refused while machines use the present one', async (t) => {
    const { machines } = await openManager(t, await temporaryFolder(t));
    await machines.add('a', { kind: 'command' });
    await assert.rejects(machines.add('b', { kind: 'command', address: '127.0.0.2' }), {
      code: 'machines.other-address',
    });
  });

  test('unused pairings expire where a person carries them, and stay elsewhere', async (t) => {
    const folder = await temporaryFolder(t);
    const first = await openManager(t, folder);
    await first.machines.add('hand', { kind: 'command' });
    const server: Machine = {
      ...{ id: 'server', name: 'Server', drained: false, createdAt: 1 },
      launcher: { kind: 'ssh', host: 'nobody@127.0.0.1', port: 9 },
    };
    first.store.addMachine(server);
    await first.close();
    const later = Date.now() + 31 * 24 * 3600 * 1000;
    const { machines } = await openManager(t, folder, first.store, () => later);
    assert.equal(machines.view('hand').problem?.code, 'machines.pairing-expired');
    assert.deepEqual(readdirSync(join(folder, 'machines', 'pairings')), ['server.json']);
  });

  test('a lab in memory refuses them', async () => {
    const store = openMemoryStore();
    const machines = new MachineManager({ store, runner: null, folder: null });
    await assert.rejects(machines.add('a', { kind: 'command' }), { code: 'machines.in-memory' });
  });
});

describe('a server over ssh', { skip: noBroker || noSshServer }, () => {
  test('gets its program once, outlives the lab, and ends when it is removed', async (t) => {
    const folder = await temporaryFolder(t);
    const { home } = await sshServer(t, folder);
    const first = await openManager(t, folder);
    const { machine, pairing } = await first.machines.add('Server', {
      kind: 'ssh',
      host: 'server',
    });
    const [agent] = (await until(first.machines, machine.id, ({ state }) => state === 'reachable'))
      .agents;
    assert.equal(agent?.devices[0]?.name, 'server/cpu');
    const own = join(home, '.ktg-lab');
    assert.equal(readdirSync(own).filter((name) => /^\d/.test(name)).length, 1);
    const copy = join(own, 'pairings', readdirSync(join(own, 'pairings'))[0]!);
    assert.equal(readFileSync(copy, 'utf8'), readFileSync(pairing, 'utf8'));
    assert.equal(statSync(copy).mode & 0o077, 0);
    assert.equal(statSync(own).mode & 0o077, 0);
    const pid = agentPid(own);
    assert.doesNotMatch(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), /SU[A-Z2-7]{56}/);
    assert.doesNotMatch(readFileSync(`/proc/${pid}/environ`, 'utf8'), /SU[A-Z2-7]{56}/);
    assert.match(await first.machines.log(machine.id), /Connected to/);
    await first.close();

    const again = await openManager(t, folder, first.store);
    await until(again.machines, machine.id, ({ state }) => state === 'reachable');
    assert.equal(agentPid(own), pid, 'the same agent goes on');
    await again.machines.remove(machine.id);
    while (existsSync(`/proc/${pid}`)) await delay(50);
    assert.deepEqual(
      readdirSync(join(own, 'pairings')).filter((name) => name.endsWith('.json')),
      [],
    );
  });

  test('an agent whose pairing has no certificate gives way to one that checks its lab', async (t) => {
    const folder = await temporaryFolder(t);
    const { home } = await sshServer(t, folder);
    const own = join(home, '.ktg-lab');
    const first = await openManager(t, folder);
    const { machine, pairing } = await first.machines.add('Server', {
      kind: 'ssh',
      host: 'server',
    });
    await until(first.machines, machine.id, ({ state }) => state === 'reachable');
    const pid = agentPid(own);
    await first.close();
    withoutCertificate(pairing);
    const copy = join(own, 'pairings', readdirSync(join(own, 'pairings'))[0]!);
    writeFileSync(copy, readFileSync(pairing));

    const again = await openManager(t, folder, first.store);
    await until(again.machines, machine.id, ({ state }) => state === 'reachable');
    assert.notEqual(agentPid(own), pid);
    assert.equal(existsSync(`/proc/${pid}`), false);
    assert.match(readPairing(copy).ca, /BEGIN CERTIFICATE/);
    await again.machines.remove(machine.id);
  });

  test('without TensorFlow anywhere it computes slowly, says why, and loses old programs', async (t) => {
    const folder = await temporaryFolder(t);
    const { home } = await sshServer(t, folder);
    const own = join(home, '.ktg-lab');
    const program = (name: string, minutes: number): void => {
      mkdirSync(join(own, name, 'bin'), { recursive: true });
      const at = new Date(Date.now() - minutes * 60_000);
      utimesSync(join(own, name), at, at);
    };
    const pairing = (name: string, used: string): void => {
      mkdirSync(join(own, 'pairings'), { recursive: true });
      writeFileSync(join(own, 'pairings', `${name}.program`), `${used}\n`);
    };
    program('0.0.1-unused', 60);
    program('0.0.2-used', 60);
    program('0.0.3-starting', 1);
    program('0.0.4-unpaired', 60);
    program('0.0.5-x.part.17', 2 * 24 * 60);
    program('0.0.6-x.part.18', 60);
    pairing('other-lab', '0.0.2-used');
    writeFileSync(join(own, 'pairings', 'other-lab.json'), '{}');
    pairing('gone', '0.0.4-unpaired');
    const { machines } = await openManager(t, folder);
    const { machine } = await machines.add('Server', { kind: 'ssh', host: 'server' });
    const slow = await until(
      machines,
      machine.id,
      ({ state, problem }) => state === 'reachable' && problem !== null,
    );
    assert.equal(slow.problem?.code, 'machines.no-engine');
    assert.match(slow.problem.message, /no-wheel/);
    assert.equal(slow.agents[0]?.versions?.engine, 'tfjs WASM');
    const [present, ...others] = readdirSync(own)
      .filter((name) => /^\d/.test(name))
      .reverse();
    assert.deepEqual(others.sort(), ['0.0.2-used', '0.0.3-starting', '0.0.6-x.part.18']);
    const note = readdirSync(join(own, 'pairings')).find((name) => /server.program$/.test(name));
    assert.equal(readFileSync(join(own, 'pairings', note!), 'utf8'), `${present}\n`);
    await machines.remove(machine.id);
    const left = readdirSync(join(own, 'pairings')).filter((name) => name.endsWith('.program'));
    assert.deepEqual(left, ['other-lab.program']);
  });

  test('a host that refuses says so in words', async (t) => {
    const folder = await temporaryFolder(t);
    await sshServer(t, folder);
    const { machines } = await openManager(t, folder);
    await assert.rejects(machines.add('x', { kind: 'ssh', host: 'nobody@127.0.0.1' }), {
      code: 'machines.ssh-failed',
    });
    assert.deepEqual(machines.views(), []);
  });
});

/** Makes a pairing file as versions wrote it that knew no certificate. */
function withoutCertificate(file: string): void {
  writeFileSync(file, JSON.stringify({ ...readPairing(file), ca: undefined }));
}

/** Process of the only agent of a home folder. */
function agentPid(own: string): number {
  const lock = readdirSync(join(own, 'pairings')).find((name) => name.endsWith('.lock'));
  return (JSON.parse(readFileSync(join(own, 'pairings', lock!), 'utf8')) as { pid: number }).pid;
}
