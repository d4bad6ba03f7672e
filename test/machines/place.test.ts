import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { addRerun } from '../../core/search/repeat.ts';
import type { Store } from '../../core/store/store.ts';
import type { Place } from '../../core/study/place.ts';
import { withPlace } from '../../core/study/plan.ts';
import { newStudy, training } from '../contract/samples.ts';
import { kdRerun, noFrozen, trialsOf } from '../search/studies.ts';
import { TestBroker } from './broker.ts';
import { RemoteLab, ScriptedAgent } from './lab.ts';
import { noBroker } from './open-broker.ts';

const h100 = 'NVIDIA H100';
const a100 = 'NVIDIA A100';

const studyAt = (store: Store, place: Place): number =>
  store.addStudy(
    newStudy('M2', {
      ...{ space: noFrozen, trials: 12, duplicates: 'train' },
      training: withPlace(training(), place),
    }),
  ).id;

const machinesOf = (store: Store, which: { study: number } | { rerun: number }): string[] => {
  const runs = 'study' in which ? trialsOf(store, which.study) : store.runs(which);
  const slots = runs.flatMap(({ id }) => store.attempts({ run: id }).map(({ slot }) => slot));
  return [...new Set(slots.map((slot) => slot.split('/')[0]!))].sort();
};

void describe('plans that are bound to a place', { skip: noBroker }, async () => {
  if (noBroker !== false) return;
  const broker = await TestBroker.open(['a', 'b', 'c', 'd']);
  const closing: (() => Promise<unknown>)[] = [];
  after(async () => {
    await Promise.all(closing.map(async (close) => close()));
    await broker.close();
  });
  const agents: [string, string, string][] = [
    ['a', h100, 'TensorFlow 2'],
    ['b', a100, 'TensorFlow 2'],
    ['c', h100, 'TensorFlow 2'],
    ['d', h100, 'portable'],
  ];
  const started: ScriptedAgent[] = [];
  for (const [id, device, engine] of agents) {
    const change = { versions: { engine } };
    const agent = await ScriptedAgent.start(broker.pairing(id), { slots: 2, device }, change);
    started.push(agent);
    closing.push(async () => agent.vanish());
  }
  const lab = await RemoteLab.open(broker, ['a', 'b', 'c', 'd']);
  closing.push(async () => lab.close());
  await lab.until(() => lab.machines.slots().length === 8);
  const store = lab.store;
  for (const id of ['a', 'b', 'c', 'd'])
    store.addMachine({
      ...{ id, name: id, drained: false, createdAt: 1 },
      launcher: { kind: 'command', address: null },
    });
  const ends = async (study: number): Promise<void> => {
    lab.scheduler.resume({ study });
    await lab.until(() => store.study(study).state !== 'running');
  };

  await test('a study without a place uses all slots', async () => {
    const study = studyAt(store, {});
    await ends(study);
    assert.deepEqual(machinesOf(store, { study }), ['a', 'b', 'c', 'd']);
  });

  await test('a study on one kind of device uses no other device or engine', async () => {
    const study = studyAt(store, { device: h100, engine: 'TensorFlow 2' });
    await ends(study);
    assert.equal(store.study(study).state, 'completed');
    assert.deepEqual(machinesOf(store, { study }), ['a', 'c']);
  });

  await test('two studies with different places share the slots', async () => {
    const [one, other] = [studyAt(store, { machine: 'a' }), studyAt(store, { device: a100 })];
    lab.scheduler.resume({ study: one });
    await ends(other);
    await lab.until(() => store.study(one).state !== 'running');
    assert.deepEqual(machinesOf(store, { study: one }), ['a']);
    assert.deepEqual(machinesOf(store, { study: other }), ['b']);
  });

  await test('a re-run of a winner stays on the machine that was chosen for it', async () => {
    const study = studyAt(store, { machine: 'a' });
    await ends(study);
    const best = store.bestTrial(study)!;
    const { id: rerun } = addRerun(
      store,
      {
        ...{ name: 'Elsewhere', graph: best.graph, study, trial: best.number, seeds: 5 },
        ...{ baseSeed: 1, baselines: ['dml'], retries: 0, priority: 0 },
        training: withPlace({ ...best.training, purpose: 'final' }, { machine: 'b' }),
      },
      1,
    );
    lab.scheduler.resume({ rerun });
    await lab.until(() => store.rerun(rerun).state === 'completed');
    assert.deepEqual(machinesOf(store, { rerun }), ['b']);
  });

  await test('a teacher may be trained anywhere, and jobs do not name the place', async () => {
    const rerun = kdRerun(store);
    const record = store.rerun(rerun);
    const bound = store.addRerun({ ...record, training: withPlace(training(), { machine: 'b' }) });
    for (const run of store.runs({ rerun }))
      store.addRun({ ...run, rerun: bound.id, training: bound.training });
    lab.scheduler.resume({ rerun: bound.id });
    await lab.until(() => store.rerun(bound.id).state === 'completed');
    assert.deepEqual(machinesOf(store, { rerun: bound.id }), ['b']);
    const [teacher] = store.runs({ kind: 'pretrain' });
    assert.equal(teacher!.training.place, undefined);
    for (const { training: sent } of started.flatMap(({ runner }) => runner.started))
      assert.equal(sent.place, undefined);
  });

  await test('a study whose place no machine of the lab has pauses with words', async () => {
    const study = studyAt(store, { machine: 'sold' });
    await ends(study);
    assert.equal(store.study(study).state, 'paused');
    const { problem } = store.study(study);
    assert.equal(problem?.code, 'search.no-slot-there');
    assert.match(problem.message, /on sold/);
  });

  await test('a study whose place may come yet waits and says so once', async () => {
    const study = studyAt(store, { device: 'NVIDIA H200' });
    const said = (): number =>
      lab.events.filter((event) => event.type === 'log' && /NVIDIA H200/.test(event.text)).length;
    lab.scheduler.resume({ study });
    await lab.until(() => said() > 0);
    await ends(studyAt(store, { device: a100 }));
    assert.equal(store.study(study).state, 'running');
    assert.equal(said(), 1);
    lab.scheduler.stop({ study }, 'now');
  });
});
