import assert from 'node:assert/strict';
import { gainText } from '../../core/commands/demo.ts';
import { describe, test } from 'node:test';
import { compare } from '../../core/analysis/comparison.ts';
import { messageWithNext, size } from '../../core/commands/report.ts';
import { previewLines, rerunLines } from '../../core/commands/rerun-words.ts';
import {
  accuracyText,
  briefOutcome,
  cardParts,
  outcome,
  slotlessText,
  slotText,
  stateText,
  trialText,
} from '../../core/commands/words.ts';
import { paperSpace } from '../../core/graph/space.ts';
import type {
  Device,
  LabApi,
  RerunView,
  WireDecision,
  SlotView,
  TrialRow,
} from '../../core/lab/api.ts';
import { referenceFor } from '../../core/search/reference.ts';
import { type FlatReason, reasonFrom, wireDecision } from '../../core/study/decision.ts';
import { plan } from '../contract/samples.ts';
import { scriptedLab, studyIs } from '../lab/support.ts';

/** A finished study of formula curves, and its re-run. */
async function finished(
  api: LabApi,
): Promise<{ study: number; rerun: RerunView; trials: TrialRow[] }> {
  const { study } = await api.request('studies.create', {
    name: 'S',
    plan: plan({ trials: 12 }),
    start: true,
  });
  await studyIs(api, study.id, 'completed');
  const { trials, best } = await api.request('studies.open', { study: study.id });
  const rerun = await api.request('reruns.create', {
    name: 'R',
    from: { run: best!.run },
    seeds: 5,
    baselines: ['independent', 'kd'],
    start: false,
  });
  return { study: study.id, rerun, trials };
}

const stop = (change: Partial<FlatReason> & { value?: null } = {}): WireDecision => {
  const { value = 0.312, ...numbers } = change;
  const reason = reasonFrom(value, { n: 14, rank: 9, limit: 7, median: null, ...numbers });
  return wireDecision({ rung: 4, value, go: false, reason });
};

test('a study with only failed trials is not completed', async () => {
  const lab = scriptedLab();
  const { study } = await finished(lab);
  const card = (await lab.request('studies.list', {})).find((each) => each.study.id === study)!;
  assert.equal(stateText(card), 'completed');
  const counts = { ...card.counts, completed: 0, stopped: 0, failed: 10, outOfMemory: 2 };
  assert.equal(stateText({ ...card, best: null, counts }), 'failed');
  const rejected = { ...counts, failed: 0, outOfMemory: 0, rejected: 12 };
  assert.equal(stateText({ ...card, best: null, counts: rejected }), 'without a result');
  await lab.close();
});

test('an accuracy before the last epoch names its epoch', async () => {
  const api = scriptedLab();
  const { study, trials } = await finished(api);
  const row = { ...trials[0]!, state: 'running' as const, epoch: 5, accuracy: 0.31, number: 7 };
  assert.equal(accuracyText(row), '31.0 % at epoch 5');
  assert.equal(accuracyText({ ...row, state: 'completed' }), '31.0 %');
  const card = (await api.request('studies.list', {})).find((each) => each.study.id === study)!;
  assert.equal(cardParts({ ...card, best: row })[1], 'best 31.0 % at epoch 5 (trial 7)');
  await api.close();
});

describe('texts about a re-run', () => {
  test('a difference is better or worse by its sign, and its verdict follows the correction', async () => {
    const lab = scriptedLab();
    const { rerun } = await finished(lab);
    await lab.close();
    const seeds = (by: number) =>
      new Map([0.5, 0.51, 0.52, 0.49, 0.53].map((value, seed) => [seed, value + by * (seed + 9)]));
    const verdict = (by: number): string => {
      const [comparison] = compare(seeds(0), [seeds(-by)]);
      const variants = rerun.variants.map((variant, index) => ({
        ...variant,
        mean: 0.5,
        standardDeviation: 0.01,
        comparison: index === 1 ? comparison! : null,
      }));
      return rerunLines({ ...rerun, variants }).find(
        (text) => text.startsWith('independent  +') || text.startsWith('independent  -'),
      )!;
    };
    assert.match(
      verdict(0.01),
      /\+11\.00 +\+9\.04 to \+12\.96 +\+8\.\d\d to .* the graph is better, significant at 5 % after correction$/,
    );
    assert.match(
      verdict(-0.01),
      /-11\.00 +-12\.96 to -9\.04 .* the graph is worse, significant at 5 % after correction$/,
    );
    assert.match(
      verdict(0),
      /\+0\.00 +\+0\.00 to \+0\.00 .* not significant at 5 % after correction$/,
    );
  });

  test('before a re-run its power is said, with the origin of the spread', () => {
    const preview = {
      runs: 25,
      spread: 0.004,
      spreadRuns: 0,
      comparisons: 4,
      detectable: 0.0081,
      expectedTime: 90,
    };
    assert.deepEqual(previewLines(5, preview), [
      '25 runs, about 2 min.',
      'With 5 seeds and a spread of 0.4 points you will see differences of 0.81 points in 80 % of cases, ' +
        'by equal seeds, corrected for 4 comparisons. ' +
        'This lab has no runs of this kind yet, so the spread is a usual one.',
    ]);
    const known = { ...preview, spreadRuns: 10, expectedTime: null };
    assert.match(
      previewLines(5, known).join(' '),
      /^25 runs\. With .* that of 10 runs of this kind/,
    );
    const one = { ...preview, runs: 1, detectable: null, expectedTime: null };
    assert.deepEqual(previewLines(1, one), [
      '1 run.',
      'With one seed no difference can be tested.',
    ]);
    const many = { ...preview, comparisons: 90, detectable: null, expectedTime: null };
    assert.equal(
      previewLines(2, many).at(-1),
      'With 2 seeds no difference can be shown, corrected for 90 comparisons; take more seeds.',
    );
  });

  test('rows of the paper stand beside the paper’s claim under the same test', async () => {
    const lab = scriptedLab();
    const { rerun } = await finished(lab);
    await lab.close();
    const claim = (nodes: number): string =>
      rerunLines({ ...rerun, reference: referenceFor(nodes) }).find((text) =>
        text.startsWith(`paper: All-Through, M = ${nodes}`),
      )!;
    assert.match(claim(2), /\+0\.41, -0\.55 to \+1\.37, not significant at 5 % after correction$/);
    assert.match(claim(3), /\+1\.58, \+0\.96 to \+2\.20, significant at 5 % after correction$/);
    const lines = rerunLines({ ...rerun, reference: referenceFor(3) });
    assert.match(lines[0]!, /^Re-run 1 "R": ready, 0 of 15 runs, 5 seeds$/);
    assert.equal(lines.filter((text) => text.startsWith('paper: ')).length, 6);
  });
});

test('without any slot the text suggests slots of the first possible device', () => {
  const device = (change: Partial<Device>): Device => ({
    name: 'cpu',
    title: 'Processor',
    kind: 'cpu',
    memory: null,
    slots: 0,
    maximumSlots: 2,
    present: true,
    ...change,
  });
  const card = device({ name: 'gpu:0', kind: 'gpu', maximumSlots: 8 });
  assert.equal(slotlessText([device({})]), 'No device has a slot: ktg slots cpu=2');
  assert.equal(slotlessText([card, device({})]), 'No device has a slot: ktg slots gpu:0=1');
  const gone = { ...card, slots: 4, present: false };
  assert.equal(
    slotlessText([gone, { ...card, name: 'gpu:1', maximumSlots: 0 }, device({})]),
    'No device has a slot: ktg slots cpu=2',
  );
  assert.equal(slotlessText([card, device({ slots: 1 })]), '');
  assert.equal(slotlessText([]), '');
});

describe('texts about a trial', () => {
  test('the short outcome omits numbers that the long one has', async () => {
    const lab = scriptedLab();
    const { trials } = await finished(lab);
    await lab.close();
    const stopped = { ...trials.find(({ state }) => state === 'stopped')!, stop: stop({}) };
    assert.equal(briefOutcome(stopped), 'stopped at epoch 4, rank 9 of 14');
    assert.equal(outcome(stopped), 'stopped at epoch 4: 31.2 %, rank 9 of 14, needs <= 7');
    assert.equal(
      briefOutcome({ ...stopped, stop: stop({ value: null, rank: null }) }),
      'stopped at epoch 4, not a number',
    );
    assert.equal(
      briefOutcome({ ...stopped, stop: stop({ rank: null, median: 0.5 }) }),
      'stopped at epoch 4, median 50.0 %',
    );
    const completed = trials.find(({ state }) => state === 'completed')!;
    assert.match(outcome(completed), /^completed: \d/);
    assert.match(trialText(completed), /^trial +\d+ +\d+\.\d % {2}resnet8=.* completed$/);
    assert.match(
      briefOutcome({ ...completed, state: 'rejected', rejection: 'frozen' }),
      /^rejected: frozen$/,
    );
  });

  test('a duplicate names the original trial of its study', async () => {
    const lab = scriptedLab();
    const { study: first } = await finished(lab);
    const single = plan({ trials: 2, space: paperSpace(1, 'resnet8', ['resnet8']) });
    const { study } = await lab.request('studies.create', {
      name: 'One graph',
      plan: single,
      start: true,
    });
    await studyIs(lab, study.id, 'completed');
    const [original, duplicate] = (await lab.request('trials.query', { study: study.id })).rows;
    const view = await lab.request('runs.open', { run: duplicate!.run });
    const others = (await lab.request('trials.query', { study: first })).rows;
    await lab.close();
    assert.notEqual(original!.run, original!.number);
    assert.deepEqual(
      [duplicate!.duplicateOf, duplicate!.original],
      [original!.run, original!.number],
    );
    assert.equal(briefOutcome(duplicate!), 'same graph as trial 0');
    assert.equal(view.original, 0);
    assert.ok(
      others.every(
        ({ duplicateOf, original: number }) => (duplicateOf === null) === (number === undefined),
      ),
    );
  });

  test('lines about two networks fit into 80 columns', async () => {
    const lab = scriptedLab();
    const { study, trials } = await finished(lab);
    const card = (await lab.request('studies.list', {})).find((each) => each.study.id === study)!;
    const [idle] = await lab.request('slots.list', {});
    await lab.close();
    const busy: SlotView = {
      ...idle!,
      name: 'cpu:0',
      run: 1,
      title: 'Study "S", trial 1234',
      epoch: 120,
      epochs: 200,
      accuracy: 0.7142,
      progress: {
        epoch: 121,
        step: 512,
        steps: 625,
        compiling: null,
        imagesPerSecond: 1234,
        memory: 1,
      },
    };
    const compiling = {
      ...busy,
      progress: { ...busy.progress!, step: 0, steps: 0, compiling: 12.3, imagesPerSecond: 0 },
    };
    assert.match(slotText(compiling), /epoch 121 of 200, compiling, 12 s {2}71/);
    const late = { ...card, timeLeft: 45_000, counts: { ...card.counts, failed: 12 } };
    for (const text of [...trials.map(trialText), ...cardParts(late), slotText(busy)])
      assert.ok(text.length < 80, `${text.length}: ${text}`);
  });
});

test('sentences end with a full stop, sizes with their unit', () => {
  assert.equal(
    messageWithNext({ message: 'too few images', next: 'Take more.' }),
    'too few images. Take more.',
  );
  assert.equal(messageWithNext({ message: 'Too few.', next: '' }), 'Too few.');
  assert.deepEqual([1_500_000, 78_800_000_000].map(size), ['1.5 MB', '78.8 GB']);
});

test('the demo says how far node 1 lies above its teacher', () => {
  assert.equal(gainText(0.738, 0.806), 'Teacher 73.8 %, node 1 80.6 %: +6.8 points.');
  assert.equal(gainText(0.5, 0.475), 'Teacher 50.0 %, node 1 47.5 %: -2.5 points.');
  assert.equal(gainText(0.5, null), 'Teacher 50.0 %, node 1 -.');
});
