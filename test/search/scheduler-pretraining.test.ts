import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Pretrained } from '../../core/study/pretrained.ts';
import { previewOf } from '../../core/search/preview.ts';
import { newCheckpoint, newStudy, training } from '../contract/samples.ts';
import { scriptedLab } from './lab.ts';
import { kdRerun, noFrozen, teaching } from './studies.ts';

describe('pretraining under the scheduler', () => {
  test('pretrained networks are trained first, as visible runs, and shared with the next study', async () => {
    const { store, runner, scheduler, until, study } = scriptedLab();
    const first = study({ trials: 12, space: teaching });
    scheduler.resume({ study: first.id });
    await until(() => store.study(first.id).state === 'completed');
    const pretraining = store.runs({ kind: 'pretrain' });
    assert.deepEqual(pretraining.map((run) => run.graph.nodes[0]!.model).sort(), [
      'resnet8',
      'wrn-10-1',
    ]);
    assert.deepEqual(
      runner.started.slice(0, 2).map((job) => job.run),
      pretraining.map((run) => run.id),
    );
    for (const each of store.allPretrained()) {
      assert.equal(store.checkpoint(each.checkpoint!).run, each.run);
      assert.equal(each.accuracy, store.run(each.run!).accuracy);
    }
    const withTeacher = runner.started.filter((job) => job.teachers.length > 0);
    assert.ok(withTeacher.length > 0);

    const second = study({ trials: 3, seed: 8, space: teaching });
    scheduler.resume({ study: second.id });
    await until(() => store.study(second.id).state === 'completed');
    assert.equal(store.runs({ kind: 'pretrain' }).length, 2);
    await scheduler.close('save');
  });

  test('pretraining has the priority of the study that waits for it, and goes first among equals', async () => {
    for (const [high, expected] of [
      [10, 'after'],
      [0, 'before'],
    ] as const) {
      const { store, runner, scheduler, until } = scriptedLab({ slots: 1 });
      const first = store.addStudy({
        ...newStudy('high', { trials: 4, space: noFrozen }),
        priority: high,
      });
      const second = store.addStudy(newStudy('low', { trials: 2, space: teaching, seed: 4 }));
      for (const { id } of [first, second]) scheduler.resume({ study: id });
      await until(() => [first, second].every(({ id }) => store.study(id).state === 'completed'));
      const started = runner.started.map(({ run }) => store.run(run));
      const pretraining = started.findIndex(({ kind }) => kind === 'pretrain');
      const trial = started.findLastIndex(
        ({ study, kind }) => study === first.id && kind === 'trial',
      );
      assert.equal(pretraining > trial ? 'after' : 'before', expected);
      await scheduler.close('save');
    }
  });

  for (const halt of ['pause', 'stop', 'remove'] as const) {
    for (const job of ['study', 'rerun'] as const) {
      test(`${halt} of a ${job} ends the pretraining that only it waits for`, async () => {
        const { store, runner, scheduler, until, study } = scriptedLab({ slots: 1 });
        const owner =
          job === 'study'
            ? { study: study({ trials: 4, space: teaching }).id }
            : { rerun: kdRerun(store) };
        scheduler.resume(owner);
        await until(() => runner.reports >= 2);
        const [pretraining] = store.runs({ kind: 'pretrain', states: ['running'] });
        assert.ok(pretraining);
        await scheduler[halt](owner, 'now');
        await until(() => scheduler.occupations().length === 0);
        assert.equal(store.run(pretraining.id).state, halt === 'pause' ? 'waiting' : 'cancelled');
        assert.equal(store.runs({ kind: 'pretrain', states: ['running'] }).length, 0);
        if (halt !== 'remove') {
          scheduler.resume(owner);
          const state = (): string =>
            ('study' in owner ? store.study(owner.study) : store.rerun(owner.rerun)).state;
          await until(() => state() === 'completed');
          assert.equal(store.run(pretraining.id).state, 'completed');
        }
        await scheduler.close('save');
      });
    }
  }

  test('pretraining that a person asked for, or a paused study waits for, is not cancelled', async () => {
    const { store, runner, scheduler, until, study } = scriptedLab({ slots: 1 });
    const asked = scheduler.pretrain('resnet8', training(), 99);
    const first = study({ trials: 4, space: teaching });
    const second = study({ trials: 4, space: teaching });
    for (const { id } of [first, second]) scheduler.resume({ study: id });
    await until(() => runner.reports >= 2);
    scheduler.pause({ study: first.id }, 'now');
    scheduler.stop({ study: second.id }, 'now');
    await until(
      () => store.pretrained(asked.id).checkpoint !== null && scheduler.occupations().length === 0,
    );
    assert.equal(
      store.runs({ kind: 'pretrain', states: ['cancelled'] }).length,
      0,
      'the paused study needs them',
    );
    scheduler.stop({ study: first.id }, 'now');
    const [unneeded] = store.runs({ kind: 'pretrain', states: ['cancelled'] });
    assert.equal(store.runs({ kind: 'pretrain', states: ['cancelled'] }).length, 2);
    scheduler.retryRun(unneeded!.id);
    await until(() => store.run(unneeded!.id).state === 'completed');
    await scheduler.close('save');
  });

  test('imported weights of the same data and model become the teacher of a study that waits', async () => {
    const imported = (change: Partial<Pretrained>): Omit<Pretrained, 'id'> => ({
      model: 'resnet8',
      training: training({ epochs: 3 }),
      seed: 0,
      run: null,
      checkpoint: null,
      accuracy: null,
      source: 'a file',
      asked: true,
      createdAt: 1,
      ...change,
    });
    const { store, runner, scheduler, until, study } = scriptedLab({ slots: 1 });
    const weights = async () => (await store.saveCheckpoint(newCheckpoint(null, 3), 1)).id;
    store.addPretrained(imported({ model: 'wrn-10-1', checkpoint: await weights() }));
    store.addPretrained(
      imported({ training: training({ data: 'cifar10' }), checkpoint: await weights() }),
    );
    store.addPretrained(
      imported({ training: training({ splitSeed: 8 }), checkpoint: await weights() }),
    );
    const { id, plan } = study({ trials: 12, space: teaching });
    const machine = { slots: 1, portable: false, devices: [], images: () => null };
    assert.deepEqual(previewOf(store, plan, machine).missingPretrained, ['resnet8']);
    scheduler.resume({ study: id });
    await until(() => runner.reports >= 2);
    assert.deepEqual(
      store.runs({ kind: 'pretrain' }).map(({ graph }) => graph.nodes[0]!.model),
      ['resnet8'],
    );
    const teacher = store.addPretrained(imported({ checkpoint: await weights() }));
    scheduler.pretrainedChanged();
    await until(() => store.study(id).state === 'completed');
    assert.equal(
      store.runs({ kind: 'pretrain' })[0]!.state,
      'waiting',
      'nobody waits for it any more',
    );
    const { sha256 } = store.checkpoint(teacher.checkpoint!);
    const taught = runner.started.filter(
      ({ graph, teachers }) => teachers.length > 0 && graph.nodes[1]!.model === 'resnet8',
    );
    assert.ok(
      taught.length > 0 && taught.every(({ teachers }) => teachers[0]!.weights.sha256 === sha256),
    );
    await scheduler.close('save');
  });

  test('imported weights without a record, as a crash leaves them, are dropped', async () => {
    const { store, scheduler } = scriptedLab();
    const kept = await store.saveCheckpoint(newCheckpoint(null, 3), 1);
    await store.saveCheckpoint(newCheckpoint(null, 3), 1);
    store.addPretrained({
      model: 'resnet8',
      training: training(),
      seed: 0,
      run: null,
      checkpoint: kept.id,
      accuracy: null,
      source: 'a file',
      asked: true,
      createdAt: 1,
    });
    scheduler.open();
    assert.deepEqual(store.checkpoints(), [kept]);
    await scheduler.close('save');
  });
});
