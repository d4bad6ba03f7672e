import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { placeOf } from '../../core/data/official.ts';
import { officialOf } from '../../core/data/sets/sets.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import type { StudyPlan } from '../../core/study/plan.ts';
import type { Store } from '../../core/store/store.ts';
import { joined, newStudy, training } from '../contract/samples.ts';
import { type Script, curve } from '../search/scripted-runner.ts';
import { kdRerun, noFrozen, trialsOf } from '../search/studies.ts';
import { TestBroker } from './broker.ts';
import { RemoteLab, ScriptedAgent } from './lab.ts';
import { noBroker } from './open-broker.ts';
import { Proxy } from './proxy.ts';

const plan: Partial<StudyPlan> = { space: noFrozen, duplicates: 'train' };
const study = (store: Store, change: Partial<StudyPlan> = {}): number =>
  store.addStudy(newStudy('M2', { ...plan, ...change })).id;

/** What must hold of every study, whatever happened on the way. */
function checkStudy(store: Store, id: number): void {
  for (const run of trialsOf(store, id)) {
    assert.ok(['completed', 'stopped'].includes(run.state), `trial ${run.number} is ${run.state}`);
    const epochs = store.epochs(run.id).map(({ epoch }) => epoch);
    assert.deepEqual(
      epochs,
      Array.from({ length: run.epoch }, (_, index) => index + 1),
    );
    for (const { epoch, nodes } of store.epochs(run.id))
      assert.equal(nodes[0]!.accuracy, curve(run, epoch), 'the numbers of this very trial');
  }
}

const outcomes = (store: Store, id: number): (string | null)[] =>
  store.attempts({ study: id }).map(({ outcome }) => outcome);

void describe('studies on other machines', { skip: noBroker }, async () => {
  if (noBroker !== false) return;
  const ids = Array.from({ length: 30 }, (_, index) => `m${index}`);
  const broker = await TestBroker.open(ids);
  const closing: (() => Promise<unknown>)[] = [];
  after(async () => {
    await Promise.all(closing.map(async (close) => close()));
    await broker.close();
  });
  const agent = async (
    id: string,
    script: Partial<Script> = {},
    change: { port?: number; data?: string[] } = {},
  ): Promise<ScriptedAgent> => {
    const started = await ScriptedAgent.start(broker.pairing(id, change.port), script, {
      ...(change.data && { data: change.data }),
    });
    closing.push(async () => started.vanish());
    return started;
  };
  const open = async (...[named, options]: [string[], Parameters<typeof RemoteLab.open>[2]?]) => {
    const lab = await RemoteLab.open(broker, named, options);
    closing.push(async () => lab.close());
    return lab;
  };
  const take = (count: number): string[] => ids.splice(0, count);
  const isOver = (lab: RemoteLab, id: number) => (): boolean =>
    lab.store.study(id).state !== 'running';

  await test('a study runs on three machines, and its slots name them', async () => {
    const named = take(3);
    for (const id of named) await agent(id, { slots: 3 });
    const lab = await open(named);
    const id = study(lab.store, { trials: 40 });
    lab.scheduler.resume({ study: id });
    await lab.until(isOver(lab, id));
    assert.equal(lab.store.study(id).state, 'completed');
    checkStudy(lab.store, id);
    const machines = lab.store.attempts({ study: id }).map(({ slot }) => slot.split('/')[0]!);
    assert.deepEqual([...new Set(machines)].sort(), named);
    assert.ok(lab.machines.machines().every(({ state }) => state === 'reachable'));
  });

  await test('runs of an agent that is killed go on elsewhere, and are not counted', async () => {
    const named = take(2);
    const slow = { slots: 2, pace: 20, checkpointEach: 1 };
    const first = await agent(named[0]!, slow);
    await agent(named[1]!, slow);
    const lab = await open(named, { machines: { handEvery: 0 } });
    const id = study(lab.store, { trials: 6, retries: 0 });
    lab.scheduler.resume({ study: id });
    await lab.until(() => first.runner.reports > 3);
    await first.vanish();
    await lab.until(isOver(lab, id));
    checkStudy(lab.store, id);
    assert.ok(outcomes(lab.store, id).includes('lost'));
    assert.ok(!outcomes(lab.store, id).includes('hang'));
  });

  await test('a broker that is killed and started again loses no report', async () => {
    const named = take(2);
    for (const id of named) await agent(id, { slots: 2, pace: 5 });
    const lab = await open(named);
    const id = study(lab.store, { trials: 30 });
    lab.scheduler.resume({ study: id });
    await lab.until(() => trialsOf(lab.store, id).filter((run) => run.epoch > 0).length > 5);
    await broker.kill();
    await broker.start();
    await lab.until(isOver(lab, id));
    checkStudy(lab.store, id);
    assert.ok(outcomes(lab.store, id).every((each) => each === 'completed' || each === 'stopped'));
  });

  await test('a lab that begins again adopts its runs: no epoch and no attempt is lost', async () => {
    const named = take(2);
    const agents = await Promise.all(
      named.map(async (id) => agent(id, { slots: 3, pace: 5, checkpointEach: 1 })),
    );
    const store = openMemoryStore();
    const before = await open(named, { store });
    const id = study(store, { trials: 24, rule: { kind: 'none' } });
    before.scheduler.resume({ study: id });
    await before.until(() => trialsOf(store, id).some((run) => run.epoch > 4));
    await before.close();
    const running = store.runs({ study: id, states: ['running'] });
    assert.equal(running.length, 6, 'runs stay on their slots');
    const lab = await open(named, { store });
    assert.deepEqual(lab.scheduler.open(), []);
    await lab.until(isOver(lab, id));
    checkStudy(store, id);
    assert.ok(trialsOf(store, id).every((run) => run.attempts === 1));
    const reports = agents.reduce((sum, { runner }) => sum + runner.reports, 0);
    assert.equal(reports, 24 * 16, 'no epoch was trained twice');
  });

  await test('runs of a machine that does not come back after a restart go on elsewhere', async () => {
    const named = take(2);
    const first = await agent(named[0]!, { slots: 2, pace: 10 });
    const store = openMemoryStore();
    const before = await open(named, { store });
    const id = study(store, { trials: 4, rule: { kind: 'none' } });
    before.scheduler.resume({ study: id });
    await before.until(() => first.runner.reports > 3);
    await before.close();
    await first.vanish();
    const lab = await open(named, { store });
    lab.scheduler.open();
    await agent(named[1]!, { slots: 2 });
    await lab.until(isOver(lab, id));
    checkStudy(store, id);
    assert.equal(outcomes(store, id).filter((each) => each === 'lost').length, 2);
  });

  await test('a silent network of less than a lease costs nothing', async () => {
    const [id] = take(1) as [string];
    const proxy = await Proxy.before(broker);
    closing.push(async () => proxy.close());
    const far = await agent(id, { slots: 2, pace: 5 }, { port: proxy.port });
    const lab = await open([id], {
      machines: { leases: { unreachable: 5, lost: 1e6, closed: 1e6 } },
    });
    const number = study(lab.store, { trials: 8 });
    lab.scheduler.resume({ study: number });
    await lab.until(() => far.runner.reports > 5);
    proxy.silence(true);
    await lab.until(() => lab.machines.machines()[0]!.state === 'unreachable');
    assert.ok(lab.machines.slots().every(({ state }) => state === 'busy' || state === 'starting'));
    proxy.silence(false);
    proxy.cut(); // bytes were lost: the connection is of no use any more
    await lab.until(isOver(lab, number));
    checkStudy(lab.store, number);
    assert.ok(
      outcomes(lab.store, number).every((each) => each === 'completed' || each === 'stopped'),
    );
  });

  await test('an attempt that was given up is fenced when its machine is back', async () => {
    const [far, near] = take(2) as [string, string];
    const proxy = await Proxy.before(broker);
    closing.push(async () => proxy.close());
    const cut = await agent(far, { slots: 2, pace: 5 }, { port: proxy.port });
    const lab = await open([far, near]);
    const id = study(lab.store, { trials: 6, rule: { kind: 'none' } });
    lab.scheduler.resume({ study: id });
    await lab.until(() => cut.runner.reports > 3);
    proxy.silence(true);
    await lab.until(() => outcomes(lab.store, id).includes('lost'));
    await agent(near, { slots: 2 });
    proxy.silence(false);
    proxy.cut();
    await lab.until(isOver(lab, id));
    checkStudy(lab.store, id);
    await lab.until(() => lab.machines.slots().every(({ state }) => state === 'ready'));
    while (cut.session.jobs.length > 0) await sleep(10); // the last answers are on their way
  });

  await test('messages that come twice change nothing', async () => {
    const [id] = take(1) as [string];
    const proxy = await Proxy.before(broker, { duplicates: true });
    closing.push(async () => proxy.close());
    const script = { slots: 2, checkpointEach: 2, checkpointBytes: 600_000 };
    const far = await agent(id, script, { port: proxy.port });
    const lab = await open([id], { machines: { handEvery: 0 } });
    const number = study(lab.store, { trials: 12 });
    lab.scheduler.resume({ study: number });
    await lab.until(isOver(lab, number));
    checkStudy(lab.store, number);
    const attempts = lab.store.attempts({ study: number });
    assert.equal(attempts.length, 12);
    assert.equal(far.runner.started.length, 12, 'no start was done twice');
  });

  await test('a slow network with cuts only takes longer', async () => {
    const [id] = take(1) as [string];
    const proxy = await Proxy.before(broker);
    closing.push(async () => proxy.close());
    proxy.delay = 5;
    const far = await agent(
      id,
      { slots: 4, checkpointEach: 1, checkpointBytes: 400_000 },
      {
        port: proxy.port,
      },
    );
    const lab = await open([id], {
      machines: { handEvery: 0, leases: { lost: 1e6, closed: 1e6 } },
    });
    const number = study(lab.store, { trials: 6 });
    lab.scheduler.resume({ study: number });
    for (let cuts = 1; cuts <= 3; cuts++) {
      await lab.until(() => far.runner.reports > 8 * cuts || isOver(lab, number)());
      proxy.cut();
    }
    await lab.until(isOver(lab, number));
    checkStudy(lab.store, number);
    assert.ok(
      outcomes(lab.store, number).every((each) => each === 'completed' || each === 'stopped'),
    );
  });

  await test('a machine without the data leaves its runs to another; a study pauses when none has them', async () => {
    const named = take(2);
    await agent(named[0]!, { slots: 1, mishap: () => 'data' });
    const lab = await open(named);
    const first = study(lab.store, { trials: 1 });
    lab.scheduler.resume({ study: first });
    await lab.until(isOver(lab, first));
    assert.equal(lab.store.study(first).state, 'paused');
    await agent(named[1]!, { slots: 1, pace: 1 });
    await lab.until(() => lab.machines.slots().length === 2);
    const second = study(lab.store, { trials: 6 });
    lab.scheduler.resume({ study: second });
    await lab.until(isOver(lab, second));
    assert.equal(lab.store.study(second).state, 'completed');
    const failed = lab.store
      .attempts({ study: second })
      .filter(({ outcome }) => outcome === 'data');
    assert.ok(failed.length <= 1, 'the first failure tells of the machine');
  });

  await test('teachers cross once for each machine', async () => {
    const [id] = take(1) as [string];
    const far = await agent(id, { slots: 2, checkpointBytes: 700_000 });
    const lab = await open([id]);
    const rerun = kdRerun(lab.store);
    lab.scheduler.resume({ rerun });
    await lab.until(() => lab.store.rerun(rerun).state !== 'running');
    assert.equal(lab.store.rerun(rerun).state, 'completed');
    const teacher = lab.store.allPretrained()[0]!.checkpoint!;
    assert.ok(far.blobs.has(lab.store.checkpoint(teacher).sha256));
    const started = far.runner.started.filter(({ teachers }) => teachers.length > 0);
    assert.equal(started.length, 2);
  });

  await test('a machine gets an official data set that it does not have from its lab', async () => {
    const [id] = take(1) as [string];
    const home = mkdtempSync(join(tmpdir(), 'ktg-data-'));
    closing.push(async () => rm(home, { recursive: true }));
    const source = officialOf('cifar100')!;
    const [archive] = source.files;
    // The lab hands out what it has; the agent compares the hash of the whole.
    const content = randomBytes(700_001);
    writeFileSync(placeOf(source, home).files[0]!, content);
    const data: string[] = [];
    const far = await ScriptedAgent.start(
      broker.pairing(id),
      {},
      {
        data,
        fetch: async (name, pullArchive) => {
          const wanted = { sha256: archive!.sha256, bytes: content.length };
          const bytes = await joined(pullArchive(wanted, new AbortController().signal));
          assert.deepEqual(Buffer.from(bytes), content);
          data.push(name);
        },
      },
    );
    closing.push(async () => far.vanish());
    const lab = await open([id]);
    await lab.machines.renew({ dataFolder: home });
    const number = study(lab.store, { trials: 2, training: training({ data: 'cifar100' }) });
    lab.scheduler.resume({ study: number });
    await lab.until(isOver(lab, number));
    assert.equal(lab.store.study(number).state, 'completed');
    assert.deepEqual(data, ['cifar100']);
  });

  await test('a drained machine takes no run; a paused one hands its runs over', async () => {
    const named = take(2);
    const first = await agent(named[0]!, { slots: 2, pace: 5 });
    const lab = await open(named);
    const id = study(lab.store, { trials: 4, rule: { kind: 'none' } });
    lab.scheduler.resume({ study: id });
    await lab.until(() => first.runner.reports > 6);
    lab.machines.pause(named[0]!);
    await lab.until(() => lab.scheduler.occupations().length === 0);
    assert.equal(lab.machines.machines()[0]!.state, 'draining');
    const [run] = trialsOf(lab.store, id);
    assert.equal(lab.store.checkpointOf(run!.id)?.epoch, run!.epoch, 'no epoch is lost');
    await agent(named[1]!, { slots: 2 });
    await lab.until(isOver(lab, id));
    checkStudy(lab.store, id);
    assert.deepEqual([...new Set(outcomes(lab.store, id))].sort(), ['completed', 'lost']);
  });

  await test('a study that no machine can work on pauses with words', async () => {
    const [id] = take(1) as [string];
    await agent(id, {}, { data: ['synthetic'] });
    const lab = await open([id], { scheduler: { delayDivisor: 1000 } });
    const number = study(lab.store, { trials: 2, training: training({ data: 'cifar10' }) });
    lab.scheduler.resume({ study: number });
    await lab.until(isOver(lab, number));
    assert.equal(lab.store.study(number).problem?.code, 'search.no-slot-suits');
  });

  await test('an agent that ends in order hands its runs over, and no epoch is lost', async () => {
    const named = take(2);
    const first = await agent(named[0]!, { slots: 2, pace: 10 });
    const lab = await open(named);
    const id = study(lab.store, { trials: 2, rule: { kind: 'none' } });
    lab.scheduler.resume({ study: id });
    await lab.until(() => trialsOf(lab.store, id).filter((run) => run.epoch > 2).length === 2);
    await first.session.leave(10_000);
    for (const run of trialsOf(lab.store, id))
      assert.equal(lab.store.checkpointOf(run.id)?.epoch, run.epoch);
    assert.ok(lab.machines.slots().every(({ state }) => state === 'retired'));
    await agent(named[1]!, { slots: 2 });
    await lab.until(isOver(lab, id));
    checkStudy(lab.store, id);
  });

  await test('an agent whose lab stays away ends its runs', async () => {
    const [id] = take(1) as [string];
    const far = await agent(id, { slots: 2, pace: 20 });
    const store = openMemoryStore();
    const lab = await open([id], { store, machines: { grace: 1 } });
    const number = study(store, { trials: 2, rule: { kind: 'none' } });
    lab.scheduler.resume({ study: number });
    await lab.until(() => far.runner.reports > 2);
    await lab.close();
    assert.equal(far.session.jobs.length, 2, 'without their lab they go on');
    while (far.session.jobs.length > 0) await sleep(20);
    assert.match(far.log.at(-1)!, /silent for 1 seconds/);
  });

  await test('thirty machines work on one study', async () => {
    const many = Array.from({ length: 30 }, (_, index) => `many${index}`);
    const wide = await TestBroker.open(many);
    closing.push(async () => wide.close());
    for (const id of many) {
      const one = await ScriptedAgent.start(wide.pairing(id), { slots: 1 });
      closing.unshift(async () => one.vanish());
    }
    const lab = await RemoteLab.open(wide, many);
    const id = study(lab.store, { trials: 90 });
    lab.scheduler.resume({ study: id });
    await lab.until(isOver(lab, id));
    checkStudy(lab.store, id);
    await lab.close();
  });

  await test('a machine with another protocol is listed as one that needs an update', async () => {
    const [id] = take(1) as [string];
    const old = await ScriptedAgent.start(broker.pairing(id), {}, { versions: { protocol: 999 } });
    closing.push(async () => old.vanish());
    const lab = await open([id]);
    await lab.until(() => lab.machines.machines()[0]!.state === 'needs-update');
    assert.match(lab.machines.machines()[0]!.problem!.message, /protocol 999/);
    assert.ok(lab.machines.slots().every(({ state }) => state === 'starting'));
  });
});
