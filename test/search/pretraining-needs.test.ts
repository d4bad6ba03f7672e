import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  divideByNeed,
  neededNetworks,
  queuedPretrainings,
  teacherFailed,
  teacherStep,
} from '../../core/search/pretraining-needs.ts';

const network = (id: number, run: number, asked = false) => ({ id, run, asked });

describe('pretraining needs', () => {
  test('a network has the highest priority of those that wait for it', () => {
    const needed = neededNetworks([
      { needs: new Set([1, 2]), priority: -3 },
      { needs: new Set([2]), priority: 4 },
      { needs: new Set<number>(), priority: 9 },
    ]);
    assert.deepEqual(
      [...needed],
      [
        [1, -3],
        [2, 4],
      ],
    );
  });

  test('a network with weights needs nothing, one in training is waited for', () => {
    assert.deepEqual(teacherStep({ checkpoint: 3 }, 'completed'), {
      do: 'nothing',
      reason: 'has-weights',
    });
    for (const state of ['waiting', 'running'] as const)
      assert.deepEqual(teacherStep({ checkpoint: null }, state), {
        do: 'wait',
        reason: 'is-in-training',
      });
  });

  test('a failed training is tried again; removed weights are trained anew', () => {
    for (const state of ['failed', 'out-of-memory', 'cancelled'] as const)
      assert.deepEqual(teacherStep({ checkpoint: null }, state), {
        do: 'retry',
        reason: 'its-training-failed',
      });
    for (const state of ['completed', null] as const)
      assert.deepEqual(teacherStep({ checkpoint: null }, state), {
        do: 'train',
        reason: 'weights-removed',
      });
    assert.deepEqual(teacherStep(undefined, null), { do: 'train', reason: 'never-asked-for' });
  });

  test('a run is needed for a network that a study waits for or a person asked for', () => {
    const runs = [{ id: 11 }, { id: 12 }, { id: 13 }];
    const networks = [network(1, 11), network(2, 12, true), network(3, 13)];
    assert.deepEqual(divideByNeed(runs, networks, new Set([1])), {
      needed: [{ id: 11 }, { id: 12 }],
      unneeded: [{ id: 13 }],
    });
  });

  test('only waiting runs without a delay can start; a request of a person has priority 0', () => {
    const runs = [11, 12, 13, 14].map((id) => ({
      id,
      state: id === 13 ? ('running' as const) : ('waiting' as const),
    }));
    const networks = [network(1, 11), network(2, 12, true), network(3, 13), network(4, 14)];
    const needed = new Map([
      [1, -2],
      [2, -5],
      [3, 1],
      [4, 7],
    ]);
    assert.deepEqual(
      queuedPretrainings(runs, networks, needed, (run) => run === 14),
      [
        { run: 11, priority: -2 },
        { run: 12, priority: 0 },
      ],
    );
  });

  test('the pause of a study names the network and the failure of its training', () => {
    const failure = { kind: 'nan', code: '', message: 'NaN.', next: '', epoch: 3 } as const;
    const { code, message } = teacherFailed('resnet8', { state: 'failed', failure });
    assert.equal(code, 'search.teacher-failed');
    assert.match(message, /resnet8 .*\(failed\): NaN\.$/);
    assert.match(teacherFailed('vgg', { state: 'cancelled', failure: null }).message, /led\)\.$/);
  });
});
