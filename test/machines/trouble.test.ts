import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Store } from '../../core/store/store.ts';
import { newStudy } from '../contract/samples.ts';
import { curve } from '../search/scripted-runner.ts';
import { noFrozen, trialsOf } from '../search/studies.ts';
import { TestBroker } from './broker.ts';
import { RemoteLab, ScriptedAgent } from './lab.ts';
import { noBroker } from './open-broker.ts';
import { AgentProcess, formulaWorker } from './support.ts';

/** Reason to skip tests that need a small disk; false where one can be mounted. */
const noSmallDisk =
  process.platform !== 'linux' || process.getuid?.() !== 0
    ? 'NOT TESTED: a full disk of an agent needs Linux and root for a small tmpfs'
    : false;

/** A disk of so many kilobytes, until the test ends. */
function smallDisk(t: TestContext, kilobytes: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'ktg-small-'));
  const size = `size=${kilobytes}k`;
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', size, 'tmpfs', folder], {
    encoding: 'utf8',
  });
  if (status !== 0) t.skip(`NOT TESTED: a full disk of an agent: ${stderr.trim()}`);
  t.after(() => {
    if (status === 0) spawnSync('umount', ['--lazy', folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

const study = (store: Store, trials: number): number => {
  const change = { space: noFrozen, duplicates: 'train', rule: { kind: 'none' } } as const;
  return store.addStudy(newStudy('Trouble', { ...change, trials })).id;
};

/** Every trial is whole, and every number is its own. */
function checkWhole(store: Store, id: number): void {
  for (const run of trialsOf(store, id)) {
    assert.equal(run.state, 'completed', `trial ${run.number}`);
    assert.equal(store.epochs(run.id).length, 16);
    for (const { epoch, nodes } of store.epochs(run.id))
      assert.equal(nodes[0]!.accuracy, curve(run, epoch));
  }
}

void describe('trouble of a machine', { skip: noBroker }, async () => {
  if (noBroker !== false) return;
  const ids = Array.from({ length: 10 }, (_, index) => `t${index}`);
  const broker = await TestBroker.open(ids);
  after(() => broker.close());
  const take = (count: number): string[] => ids.splice(0, count);
  const agent = async (
    t: TestContext,
    ...args: Parameters<typeof ScriptedAgent.start>
  ): Promise<ScriptedAgent> => {
    const started = await ScriptedAgent.start(...args);
    t.after(() => started.vanish());
    return started;
  };
  const open = async (t: TestContext, named: string[], on = broker): Promise<RemoteLab> => {
    // Agents in processes of their own beat once a second.
    const lab = await RemoteLab.open(on, named, { machines: { lookTime: 1000 } });
    t.after(() => lab.close());
    return lab;
  };
  const begin = (lab: RemoteLab, trials: number): number => {
    const id = study(lab.store, trials);
    lab.scheduler.resume({ study: id });
    return id;
  };
  const isOver = (lab: RemoteLab, id: number) => (): boolean =>
    lab.store.study(id).state !== 'running';

  await test(
    'a full disk breaks its slots with words, and its runs go on elsewhere',
    { skip: noSmallDisk },
    async (t) => {
      const [full, other] = take(2) as [string, string];
      const variables = { KTG_FORMULA: JSON.stringify({ beat: 2, checkpointBytes: 700_000 }) };
      const pairing = broker.pairing(full);
      const far = new AgentProcess(pairing, formulaWorker, variables, smallDisk(t, 1000));
      t.after(() => far.end('SIGKILL'));
      const lab = await open(t, [full, other]);
      const id = begin(lab, 2);
      const own = () => lab.machines.slots().find(({ name }) => name.startsWith(`${full}/`));
      await lab.until(() => own()?.state === 'broken');
      assert.match(own()!.problem, /The disk of the agent is full: .*ktg-small-/);
      await agent(t, broker.pairing(other), { slots: 2 });
      await lab.until(isOver(lab, id));
      checkWhole(lab.store, id);
      const there = lab.store
        .attempts({ study: id })
        .filter(({ slot }) => slot.startsWith(`${full}/`));
      assert.deepEqual([...new Set(there.map(({ outcome }) => outcome))], ['lost']);
    },
  );

  await test('two labs use one machine as two users would', async (t) => {
    const [id] = take(1) as [string];
    const second = await TestBroker.open([id]);
    t.after(() => second.close());
    const labs = await Promise.all([open(t, [id]), open(t, [id], second)]);
    const agents = [
      await agent(t, broker.pairing(id), { slots: 1 }),
      await agent(t, second.pairing(id), { slots: 1 }),
    ];
    const studies = labs.map((lab, index) => begin(lab, 3 + index));
    await Promise.all(labs.map(async (lab, index) => lab.until(isOver(lab, studies[index]!))));
    for (const [index, lab] of labs.entries()) {
      checkWhole(lab.store, studies[index]!);
      assert.equal(agents[index]!.runner.started.length, 3 + index, 'the jobs of its own lab');
      assert.equal(lab.machines.machines()[0]!.problem, null);
    }
  });

  await test('a clock that is off by years changes nothing', async (t) => {
    const named = take(2);
    const clock = pathToFileURL(join(import.meta.dirname, 'shifted-clock.ts')).href;
    for (const [index, id] of named.entries()) {
      const years = (index === 0 ? -10 : 20) * 365 * 24 * 3600 * 1000;
      const process_ = new AgentProcess(broker.pairing(id), formulaWorker, {
        NODE_OPTIONS: `--import ${clock}`,
        KTG_TEST_CLOCK: String(years),
        KTG_FORMULA: JSON.stringify({ checkpointBytes: 10_000 }),
      });
      t.after(() => process_.close());
    }
    const lab = await open(t, named);
    await lab.until(() => lab.machines.slots().filter((s) => s.state === 'ready').length === 2);
    const before = Date.now();
    const id = begin(lab, 4);
    await lab.until(isOver(lab, id));
    checkWhole(lab.store, id);
    for (const { startedAt, endedAt, outcome } of lab.store.attempts({ study: id })) {
      assert.equal(outcome, 'completed');
      assert.ok(startedAt >= before && endedAt! <= Date.now(), 'times are those of the lab');
    }
  });

  await test('a missing engine breaks its slots, and the words reach the lab', async (t) => {
    const [bare, other] = take(2) as [string, string];
    const home = mkdtempSync(join(tmpdir(), 'ktg-none-'));
    const process_ = new AgentProcess(broker.pairing(bare), undefined, {
      KTG_HOME: home,
      KTG_TEST_ENGINE: 'tensorflow',
    });
    t.after(async () => {
      await process_.close();
      rmSync(home, { recursive: true, force: true });
    });
    const lab = await open(t, [bare, other]);
    const id = begin(lab, 1);
    const broken = () => lab.machines.slots().find(({ state }) => state === 'broken');
    await lab.until(() => broken() !== undefined);
    assert.match(broken()!.problem, /TensorFlow .* is not installed. Run: ktg engine install/);
    await agent(t, broker.pairing(other), { slots: 1 });
    await lab.until(isOver(lab, id));
    checkWhole(lab.store, id);
    const outcomes = lab.store.attempts({ study: id }).map(({ outcome }) => outcome);
    assert.deepEqual(outcomes, ['lost', 'completed'], 'the first try is not counted');
  });
});
