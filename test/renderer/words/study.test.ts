import assert from 'node:assert/strict';
import { test } from 'node:test';
import type {
  DataSetView,
  Progress,
  RerunView,
  SlotView,
  StudyCard,
} from '../../../core/lab/api.ts';
import { noTrials, type Study } from '../../../core/study/study.ts';
import {
  countsText,
  dataTitle,
  doingText,
  planText,
  rerunLine,
  rerunsBeside,
  rerunText,
  rerunTitle,
  shareDone,
  standingOf,
  workTitle,
} from '../../../renderer/words/study.ts';
import { plan } from '../../contract/samples.ts';
import { trial } from '../rows.ts';

const card = (state: Study['state'], change: Partial<StudyCard> = {}): StudyCard =>
  ({ study: { state }, running: 0, done: 0, best: null, ...change }) as StudyCard;

test('a study shows as paused or stopped only when its trials have left their slots', () => {
  const words = (...of: Parameters<typeof card>) => standingOf(card(...of)).text;
  assert.equal(words('paused', { running: 2 }), 'pausing after this epoch (2 trials)');
  assert.equal(words('paused'), 'paused');
  assert.equal(words('stopped', { running: 1 }), 'stopping (1 trial)');
  assert.equal(words('stopped'), 'stopped');
  assert.equal(words('running', { running: 2 }), 'running');
});

test('a completed study is good news only with a result', () => {
  assert.deepEqual(standingOf(card('completed', { done: 5, best: trial(1) })), {
    text: 'completed',
    tone: 'good',
  });
  assert.deepEqual(standingOf(card('completed', { done: 5 })), {
    text: 'completed without a result',
    tone: 'bad',
  });
});

test('the counts include all trials, with failed ones apart', () => {
  assert.deepEqual(
    countsText({
      ...noTrials,
      completed: 1,
      stopped: 2,
      cancelled: 3,
      rejected: 4,
      duplicate: 1,
      failed: 2,
      outOfMemory: 1,
    }),
    {
      ended: '1 completed, 2 stopped early, 3 cancelled, 4 rejected, 1 duplicate',
      failed: '3 failed',
    },
  );
  assert.deepEqual(countsText(noTrials), { ended: '0 completed, 0 stopped early', failed: '' });
});

test('data sets have their titles, built-in ones of another size too', () => {
  const sets = [{ name: 'synthetic', title: 'Built-in pictures' }] as DataSetView[];
  assert.equal(dataTitle(sets, 'synthetic'), 'Built-in pictures');
  assert.equal(dataTitle(sets, 'synthetic:train=640,test=200'), 'Built-in pictures (640 images)');
  assert.equal(dataTitle(sets, 'synthetic:classes=4'), 'Built-in pictures (classes=4)');
  assert.equal(dataTitle(sets, '/home/x.tar.gz'), '/home/x.tar.gz');
  assert.equal(planText(plan(), sets), 'Built-in pictures, 2 nodes, 16 epochs');
});

test('a re-run shows its mean and progress', () => {
  const view = (
    state: Study['state'],
    mean: number | null,
    deviation: number | null,
    done: number,
  ) =>
    rerunText({
      rerun: { state },
      variants: [{ mean, standardDeviation: deviation }],
      done,
      total: 5,
    } as RerunView);
  assert.deepEqual(view('completed', 0.7346, 0.0042, 5), { mean: '73.46 ± 0.42 %', rest: '' });
  assert.deepEqual(view('running', 0.7346, null, 1), { mean: '73.46 %', rest: '1 of 5 runs' });
  assert.deepEqual(view('running', null, null, 0), { mean: 'none yet', rest: '0 of 5 runs' });
  assert.deepEqual(view('completed', null, null, 5), { mean: 'no result', rest: '' });
});

test('a re-run names the seeds of its graph that have a result, never those only planned', () => {
  const title = (done: number, planned: number, ...words: string[]) =>
    rerunTitle(
      {
        rerun: { seeds: Array.from({ length: planned }, (_, at) => at) },
        variants: [{ values: Array.from({ length: done }, (_, at) => ({ seed: at })) }],
      } as unknown as RerunView,
      ...words,
    );
  assert.equal(title(5, 5), 'Re-run ×5');
  assert.equal(title(1, 2), 'Re-run, 1 of 2 seeds');
  assert.equal(title(0, 1), 'Re-run, 0 of 1 seed');
  assert.equal(title(4, 5, 'Re-run of the best'), 'Re-run of the best, 4 of 5 seeds');
});

test('a slot names its job like its study does', () => {
  const reruns = [
    {
      rerun: { id: 3 },
      variants: [
        { name: 'graph', runs: [trial(20, { number: 0 })] },
        { name: 'dml', runs: [trial(21, { number: 0 }), trial(22, { number: 1 })] },
      ],
    },
  ] as unknown as RerunView[];
  const study = { byRun: new Map([[7, trial(7, { number: 17 })]]), reruns };
  const title = (run: number, rerun: number | null) =>
    workTitle({ run, rerun, title: 'as the lab says it' } as SlotView, study);
  assert.equal(title(7, null), 'Trial 17');
  assert.equal(title(20, 3), 'Re-run: This graph, seed 1');
  assert.equal(title(22, 3), 'Re-run: DML, seed 2');
  assert.equal(title(9, null), 'as the lab says it');
});

test('a slot shows its activity from its start', () => {
  const progress: Progress = {
    epoch: 1,
    step: 0,
    steps: 0,
    compiling: null,
    imagesPerSecond: 0,
    memory: 1,
  };
  const doing = (change: Partial<Progress> | null, epoch = 0): string =>
    doingText({ epoch, progress: change && { ...progress, ...change } } as SlotView);
  assert.equal(doing(null), 'starting');
  assert.equal(doing({}), 'reading data, preparing the step');
  assert.equal(doing({ compiling: 12.3 }), 'compiling, 12 s');
  assert.equal(doing({}, 3), 'starting the next epoch');
  assert.equal(doing({ step: 3, steps: 12, imagesPerSecond: 99.6 }), 'step 3 / 12, 100 images/s');
  assert.equal(doing({ step: 12, steps: 12 }), 'evaluating');
});

test('a run without a checkpoint says which epochs it repeats, and fills its bar again', () => {
  const slot = (epoch: number, training: number, step: number): SlotView =>
    ({
      epoch,
      epochs: 4,
      progress: {
        epoch: training,
        step,
        steps: 12,
        compiling: null,
        imagesPerSecond: 9,
        memory: 1,
      },
    }) as SlotView;
  assert.equal(doingText(slot(3, 1, 6)), 'repeats epoch 1: step 6 / 12');
  assert.equal(shareDone(slot(3, 1, 6)), 0.125);
  assert.equal(doingText(slot(3, 4, 6)), 'step 6 / 12, 9 images/s');
  assert.equal(shareDone(slot(3, 4, 6)), 0.875);
  assert.equal(shareDone(slot(3, 3, 12)), 0.75, 'its epoch has just been recorded');
  assert.equal(shareDone(slot(0, 1, 0)), null);
});

test('beside the best stands only a re-run of the best trial, the newest; the others are listed', () => {
  const view = (id: number, of: number | null): RerunView =>
    ({
      rerun: {
        id,
        name: `Re-run ${id}`,
        trial: of,
        state: 'completed',
        training: { protocol: 'held-out' },
      },
      variants: [{ mean: 0.7, standardDeviation: 0.01 }],
    }) as RerunView;
  const reruns = [view(1, 4), view(2, 4), view(3, 9), view(4, null)];
  const ids = (views: readonly RerunView[]) => views.map(({ rerun }) => rerun.id);
  const best = trial(5, { number: 4 });
  const beside = rerunsBeside(best, reruns);
  assert.equal(beside.ofBest?.rerun.id, 2);
  assert.deepEqual(ids(beside.others), [4, 3, 1]);
  assert.equal(rerunsBeside(trial(1, { number: 0 }), reruns).ofBest, null);
  assert.equal(rerunsBeside(null, reruns).others.length, 4);
  assert.equal(rerunLine(view(3, 9)), 'Trial 9: 70.00 ± 1.00 %, held-out protocol');
  assert.equal(rerunLine(view(4, null)), 'Re-run 4: 70.00 ± 1.00 %, held-out protocol');
});
