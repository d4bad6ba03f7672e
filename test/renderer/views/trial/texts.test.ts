import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunView } from '../../../../core/lab/api.ts';
import {
  endText,
  missingWeightsText,
  provenanceOf,
  runTitle,
} from '../../../../renderer/views/trial/texts.ts';
import { decision, trial } from '../../rows.ts';

const view = (change: Partial<RunView> = {}): RunView =>
  ({
    ...trial(4),
    checkpoint: null,
    attemptList: [],
    training: { protocol: 'held-out', purpose: 'search', data: 'cifar100' },
    ...change,
  }) as Partial<RunView> as RunView;

test('a run is titled as a trial, a seed of a variant, or a pretraining', () => {
  assert.equal(runTitle(trial(4)), 'Trial 3');
  assert.equal(runTitle(trial(4, { kind: 'repeat', variant: 'dml', number: 1 })), 'DML, seed 2');
  assert.equal(runTitle(trial(4, { kind: 'pretrain' })), 'Pretraining of ResNet32');
});

test('the end of a run names its reason, else how far the run is', () => {
  const stop = decision({ go: false, rung: 4, rank: 9, n: 14, limit: 7 });
  assert.match(endText(trial(1, { state: 'stopped', stop }), 4), /stopped at epoch 4/);
  assert.equal(endText(trial(1), 8), 'All 8 epochs are done.');
  const running = trial(1, { state: 'running' });
  assert.equal(endText(running, 3), 'Epoch 3 of 8 is done; no rung has stopped this run.');
  assert.equal(endText(running, 0), 'The first epoch is running.');
  assert.equal(endText(trial(1, { state: 'waiting' }), 0), 'waiting');
});

test('missing weights are explained: not saved yet, or not kept', () => {
  assert.equal(
    missingWeightsText(view({ checkpoint: {} as NonNullable<RunView['checkpoint']> })),
    undefined,
  );
  assert.match(missingWeightsText(view({ state: 'running' }))!, /first checkpoint/);
  assert.match(missingWeightsText(view({ state: 'stopped' }))!, /no weights/);
});

test('files of a trial name its study, files of a seed its re-run', () => {
  const ofTrial = provenanceOf(view(), 'M = 3', null);
  assert.deepEqual([ofTrial.study, ofTrial.trial, ofTrial.data], ['M = 3', 3, 'cifar100']);
  const ofSeed = provenanceOf(view({ kind: 'repeat', variant: 'kd' }), undefined, null);
  assert.equal('study' in ofSeed, false);
  assert.equal(ofSeed.variant, 'kd');
});
