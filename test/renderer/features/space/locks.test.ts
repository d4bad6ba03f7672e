import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spaceSize } from '../../../../core/graph/space-size.ts';
import { paperSpace } from '../../../../core/graph/space.ts';
import { fromText } from '../../../../core/graph/text.ts';
import { paperPlan, quickLook } from '../../../../core/study/presets.ts';
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
