import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spaceSize } from '../../../../core/graph/space-size.ts';
import {
  paperSpace,
  withGates,
  withLists,
  withListsBetween,
} from '../../../../core/graph/space.ts';
import { fromText, toText } from '../../../../core/graph/text.ts';
import { paperPlan, quickLook } from '../../../../core/study/presets.ts';
import { outsideStarts } from '../../../../core/search/starting-points.ts';
import { effort } from '../../../../core/search/speed.ts';
import {
  choicesOf,
  exampleOf,
  locksOf,
  resized,
  spaceAround,
  undecidedOf,
} from '../../../../renderer/features/space/locks.ts';

test('a space around a graph keeps locked gates and its networks, and frees all else', () => {
  const space = spaceAround(fromText('resnet32=TC,resnet110=XL'), ['2-1', '0-2']);
  assert.deepEqual([...locksOf(space)], ['2-1', '0-2']);
  assert.deepEqual(choicesOf(space, 2, 1), ['correct']);
  assert.deepEqual(choicesOf(space, 0, 2), ['cutoff']);
  assert.equal(spaceSize(space), 16n);
  assert.deepEqual(
    space.nodes.map(({ models }) => models),
    [['resnet32'], ['resnet110']],
  );
  assert.equal(exampleOf(space).nodes.length, 2);
});

test('a change of the number of nodes keeps common parts', () => {
  const three = resized(spaceAround(fromText('resnet32=TC,resnet110=XL'), ['2-1']), 3);
  assert.deepEqual([...locksOf(three)], ['2-1']);
  assert.deepEqual(three.nodes[2]!.models, ['resnet110']);
  assert.deepEqual(resized(three, 1).nodes.length, 1);
  assert.deepEqual(resized(paperSpace(1), 3).nodes[2]!.models, paperSpace(3).nodes[2]!.models);
});

test('edges and nodes with several choices are undecided', () => {
  const undecided = undecidedOf(paperSpace(2));
  assert.deepEqual([undecided.get('2'), undecided.get('2-1')], [3, 4]);
  assert.equal(undecided.has('1'), false, 'the target has one network');
});

test('the presets match their names', () => {
  assert.equal(spaceSize(paperPlan(1, 3).space), 2_359_296n);
  assert.equal(paperPlan(1, 3).trials, 1500);
  assert.deepEqual(paperPlan(1, 3).training.recipe.drops, [60, 120, 180]);
  assert.equal(quickLook(1).training.data, 'synthetic');
});

test('the quick look of the slow engine computes far less', () => {
  const images = (data: string) =>
    data === 'synthetic' ? { train: 5000, test: 1000 } : { train: 640, test: 200 };
  const work = (portable: boolean): number => {
    const plan = quickLook(1, portable);
    return plan.trials * effort(plan, { slots: 2, portable, devices: [], images })!;
  };
  assert.ok(work(false) / work(true) > 15);
});

test('the example shows no kind, weight or temperature that is only one of several', () => {
  const lists = { kinds: ['repel', 'kl'], weights: [0.5, 1], temperatures: [4, 1] } as const;
  const open = withListsBetween(paperSpace(2, 'resnet8', ['resnet8']), lists);
  assert.equal(toText(exampleOf(open)), 'resnet8=TT,resnet8=TT');
  const locked = withLists(open, 2, 1, { kinds: ['repel'], temperatures: [4] });
  assert.equal(toText(exampleOf(locked)), 'resnet8=TT.r@4,resnet8=TT');
  assert.equal(undecidedOf(locked).get('2-1'), 1 + 3 * 2, 'a Cutoff is one way');
  assert.deepEqual([...locksOf(withGates(open, 1, 2, ['cutoff']))], ['1-2']);
});

test('the space around a graph has that graph', () => {
  for (const text of [
    'resnet8=TN,resnet14=XS',
    'resnet8=T_0.1T.r_2@4,resnet8=TT.a_1000',
    'resnet8=TCM,resnet8=TXX,ensemble=logits.objective',
  ]) {
    const graph = fromText(text);
    const start = { methods: false, graphs: [graph], toTheEnd: true };
    const space = { ...spaceAround(graph, []), frozen: true };
    assert.deepEqual(outsideStarts({ space, start }), [], text);
  }
});
