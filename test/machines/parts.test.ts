import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Lifetime } from '../../core/base/lifetime.ts';
import { createUser } from '@nats-io/nkeys';
import { nkeyAuthenticator } from '@nats-io/transport-node';
import { fromText } from '../../core/graph/text.ts';
import { Blobs } from '../../core/machines/blobs.ts';
import { Budget } from '../../core/machines/budget.ts';
import { Conduct } from '../../core/machines/conduct.ts';
import { USUAL_LEASES, aboutSilence } from '../../core/machines/lease.ts';
import { nkeyLogin } from '../../core/machines/login.ts';
import { MAX_MESSAGES_A_SECOND, PART_BYTES } from '../../core/machines/messages.ts';
import { PartReader } from '../../core/machines/part-reader.ts';
import { remoteSlots } from '../../core/machines/remote-slots.ts';
import { Turns } from '../../core/machines/turns.ts';
import { Suitability, unfitAfter } from '../../core/search/suitability.ts';
import { JobOrder } from '../../core/workers/job-order.ts';
import { joined, training } from '../contract/samples.ts';
import { ScriptedRunner, metricsOf } from '../search/scripted-runner.ts';
import { cpu, job, weights } from '../workers/jobs.ts';

const hashOf = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
const bytes = (fill: number, length = 1000): Uint8Array => new Uint8Array(length).fill(fill);

void test('a login is signed as the client of NATS signs it', () => {
  const user = createUser();
  const seed = user.getSeed();
  for (const nonce of ['', 'Wm5rZXk', 'a longer challenge of the broker'])
    assert.deepEqual(
      nkeyLogin(new TextDecoder().decode(seed))(nonce),
      nkeyAuthenticator(seed)(nonce),
    );
});

void describe('the silence of a machine', () => {
  const heard = { silent: 0, closed: 0, closedAfter: 0 };

  void test('takes its slots after ten looks, and its runs after thirty', () => {
    const after = (silent: number) => aboutSilence({ ...heard, silent }, USUAL_LEASES);
    assert.deepEqual([0, 9, 10, 29, 30].map(after), [
      'reachable',
      'reachable',
      'unreachable',
      'unreachable',
      'lost',
    ]);
  });

  void test('a connection that closes at once means that the process ended', () => {
    const closed = { silent: 12, closed: 10 };
    assert.equal(aboutSilence({ ...closed, closedAfter: 1 }, USUAL_LEASES), 'lost');
    // The broker closed it after its own pings: the network is cut.
    assert.equal(aboutSilence({ ...closed, closedAfter: 10 }, USUAL_LEASES), 'unreachable');
  });
});

void describe('weights that an agent keeps', () => {
  void test('cross once, and the least used go first; those in use stay', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ktg-blobs-'));
    try {
      writeFileSync(join(folder, 'x.part'), 'rest of an agent that was killed');
      const blobs = await Blobs.open(folder, 2500);
      const [one, two, three] = [bytes(1), bytes(2), bytes(3)];
      let read = 0;
      const obtain = (data: Uint8Array): Promise<void> =>
        blobs.obtain(hashOf(data), data.length, async function* () {
          read++;
          yield await Promise.resolve(data);
        });
      await Promise.all([obtain(one), obtain(one)]);
      assert.equal(read, 1);
      await obtain(two);
      blobs.unpin(hashOf(two));
      await obtain(three);
      assert.deepEqual(
        [one, two, three].map((data) => blobs.has(hashOf(data))),
        [true, false, true],
      );
      assert.deepEqual(Buffer.from(await joined(blobs.read(hashOf(one)))), Buffer.from(one));
      assert.deepEqual(readdirSync(folder).sort(), [hashOf(one), hashOf(three)].sort());
      assert.ok((await Blobs.open(folder)).has(hashOf(three)), 'also after a restart');
      await assert.rejects(
        blobs.obtain(hashOf(bytes(9)), 1000, async function* () {
          yield await Promise.resolve(bytes(8));
        }),
        { code: 'workers.weights-damaged' },
      );
      assert.equal(readdirSync(folder).length, 2);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

void describe('the budget of transfers', () => {
  void test('what is waited for goes first, and equals keep their order', async () => {
    const budget = new Budget(2);
    const order: string[] = [];
    const take = async (name: string, urgency: 'final' | 'stop' | 'resume'): Promise<void> => {
      const release = await budget.take(2, urgency);
      order.push(name);
      setImmediate(release);
    };
    await Promise.all([
      take('first', 'resume'),
      take('routine', 'resume'),
      take('pause', 'stop'),
      take('end', 'final'),
      take('other end', 'final'),
    ]);
    assert.deepEqual(order, ['first', 'end', 'other end', 'pause', 'routine']);
    await new Promise((resolve) => setImmediate(resolve)); // the last one gives back
    assert.ok(budget.tryTake(2));
    assert.equal(budget.tryTake(1), null);
  });
});

void describe('parts of weights', () => {
  void test('are the same in order, again and from an earlier place', async () => {
    const data = new Uint8Array(12 * PART_BYTES + 77).map((_, at) => (at * 31 + (at >> 8)) & 255);
    const reader = new PartReader(weights(data, 1));
    const at = (offset: number): Promise<Uint8Array> => reader.part(offset);
    const offsets = Array.from({ length: 13 }, (_, index) => index * PART_BYTES);
    const parts = await Promise.all(offsets.map(at));
    assert.ok(Buffer.concat(parts).equals(data));
    assert.ok(Buffer.from(await at(offsets[12]!)).equals(parts[12]!));
    assert.ok(Buffer.from(await at(0)).equals(parts[0]!));
    assert.ok(Buffer.from(await at(offsets[5]!)).equals(parts[5]!));
    await assert.rejects(at(7), { code: 'agents.weights-gone' });
    await assert.rejects(at(13 * PART_BYTES), { code: 'agents.weights-gone' });
    assert.ok(Buffer.from(await at(offsets[1]!)).equals(parts[1]!));
  });
});

void describe('slots of a machine', () => {
  const facts = {
    devices: [cpu(2)],
    agent: new Map(
      ['cpu:0', 'cpu:1'].map((name) => [
        name,
        { name, device: 'cpu', state: 'ready' as const, problem: '' },
      ]),
    ),
    busy: new Set<string>(),
    ending: new Set<string>(),
    absent: '',
    isDraining: false,
  };
  const states = (change: Partial<typeof facts>): string[] =>
    remoteSlots({ ...facts, ...change }).map(({ state }) => state);

  void test('start only when the agent has confirmed that the job before is gone', () => {
    assert.deepEqual(states({}), ['ready', 'ready']);
    assert.deepEqual(states({ busy: new Set(['cpu:0']) }), ['busy', 'ready']);
    assert.deepEqual(states({ ending: new Set(['cpu:0']) }), ['starting', 'ready']);
    assert.deepEqual(states({ agent: new Map() }), ['starting', 'starting']);
  });

  void test('take nothing while the machine is away or drained, and keep their jobs', () => {
    const busy = new Set(['cpu:1']);
    assert.deepEqual(states({ busy, absent: 'It is not reachable.' }), ['starting', 'busy']);
    assert.deepEqual(states({ busy, isDraining: true }), ['retired', 'retired']);
    assert.deepEqual(states({ busy, devices: [cpu(1)] }), ['ready', 'retired']);
  });
});

void test('an adopted job may report its start once more, and no epoch out of order', () => {
  const order = new JobOrder(job({ training: { ...job().training, epochs: 8 } }), 0);
  order.adopted(3);
  order.started();
  assert.throws(() => {
    order.started();
  }, /start twice/);
  assert.equal(order.epoch, 3);
  assert.throws(() => {
    order.reported(metricsOf(job(), 6, 0.5, 1));
  }, /epoch 6 of 8 after epoch 3/);
  order.reported(metricsOf(job(), 4, 0.5, 1));
});

void test('a graph with an ensemble reports one output more than networks', () => {
  const ensemble = job({ graph: fromText('resnet8=TX,ensemble=logits') });
  const order = new JobOrder(ensemble, 0);
  order.started();
  const metrics = metricsOf(ensemble, 1, 0.5, 1);
  assert.equal(metrics.nodes.length, 2);
  assert.throws(() => {
    order.reported({ ...metrics, nodes: metrics.nodes.slice(1) });
  }, /it reported 1 nodes and 2 edges of a graph of 2 and 2/);
  order.reported(metrics);
  assert.equal(order.epoch, 1);
});

void test('messages are taken in order, a few milliseconds at a time', async () => {
  const taken: number[] = [];
  let turns = 0;
  const inbox = new Turns<number>((item) => {
    const until = performance.now() + 3;
    while (performance.now() < until);
    taken.push(item);
  });
  const all = Array.from({ length: 12 }, (_, index) => index);
  for (const item of all) inbox.take(item);
  assert.ok(taken.length < all.length, 'the turn ends before all are taken');
  while (taken.length < all.length) {
    await new Promise((resolve) => setImmediate(resolve));
    turns++;
  }
  assert.deepEqual(taken, all);
  assert.ok(turns > 1);
});

void test('a machine that sends too much is cut off, and comes in again after a minute', () => {
  const conduct = new Conduct();
  for (let count = 0; count < MAX_MESSAGES_A_SECOND; count++)
    assert.equal(conduct.heard(false), null);
  assert.equal(conduct.heard(true), null, 'parts of weights are counted apart');
  assert.equal(conduct.heard(false), MAX_MESSAGES_A_SECOND);
  conduct.cutOff();
  for (let look = 1; look < 60; look++) assert.equal(conduct.look(), false);
  assert.ok(conduct.isCutOff);
  assert.equal(conduct.look(), true);
  assert.ok(!conduct.isCutOff);
});

void describe('which slots suit a plan', () => {
  void test('data concern a machine, ways to compute a device, other failures nothing', () => {
    const plan = training({ data: 'cifar100', computation: { precision: 'tf32' } });
    assert.deepEqual(unfitAfter('data', 'lena/gpu:0:1', plan), {
      place: 'machine lena',
      need: 'data cifar100',
    });
    assert.deepEqual(unfitAfter('precision', 'lena/gpu:0:1', plan), {
      place: 'device lena/gpu:0',
      need: 'computation [["precision","tf32"]]',
    });
    assert.equal(unfitAfter('crash', 'lena/gpu:0:1', plan), null);
  });

  void test('a failure is remembered only while another slot suits', () => {
    const suitability = new Suitability(new Lifetime(), new ScriptedRunner({ slots: 1 }), 1);
    const plan = training();
    const slots = ['a/cpu:0', 'a/cpu:1', 'b/cpu:0'];
    const failed = (slot: string, usable: string[]): boolean =>
      suitability.failed('data', slot, plan, usable, () => undefined);
    assert.equal(failed('a/cpu:0', slots), true);
    assert.deepEqual(
      slots.map((slot) => suitability.suits(slot, plan)),
      [false, false, true],
    );
    assert.equal(failed('b/cpu:0', slots), false, 'now the study pauses');
    assert.equal(suitability.suits('b/cpu:0', plan), true);
    suitability.clear();
    assert.ok(suitability.isTrivialFor([plan]));
  });
});
