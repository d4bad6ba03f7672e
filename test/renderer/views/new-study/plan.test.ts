import '../../runes.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toText } from '../../../../core/graph/text.ts';
import type { DataSetView } from '../../../../core/lab/api.ts';

const { firstPlan, wholeNumber } = await import('../../../../renderer/views/new-study/plan.ts');
const cifar = [{ name: 'cifar100', state: 'ready' }] as DataSetView[];

test('a new study begins with the paper’s plan once CIFAR-100 is there, else with a small one', () => {
  const paper = firstPlan({ from: null, locks: [] }, cifar, false).plan;
  assert.deepEqual([paper.training.data, paper.trials], ['cifar100', 1500]);
  const small = firstPlan({ from: null, locks: [] }, [], false).plan;
  assert.match(small.training.data, /^synthetic/);
  assert.ok(small.trials < 100);
});

test('a study from a graph searches around it; a text that is no graph names its problem', () => {
  const around = firstPlan({ from: 'resnet32=TC,resnet110=LT', locks: ['0-1'] }, cifar, false);
  assert.equal(around.problem, null);
  assert.deepEqual(
    around.plan.space.edges.find((edge) => edge.source === 0 && edge.destination === 1)?.gates,
    ['through'],
    'the locked edge stays',
  );
  assert.deepEqual(
    around.plan.start?.graphs.map(toText),
    ['resnet32=TC,resnet110=LT'],
    'the study begins with the graph',
  );
  const { plan, problem } = firstPlan({ from: 'nonsense', locks: [] }, cifar, false);
  assert.ok(problem !== null);
  assert.equal(plan.space.nodes.length, 3);
});

test('a field gives a whole number of at least its minimum', () => {
  assert.equal(wholeNumber({ valueAsNumber: 2.6 }, 1), 3);
  assert.equal(wholeNumber({ valueAsNumber: -4 }, 1), 1);
  assert.equal(wholeNumber({ valueAsNumber: NaN }, 0), 0);
});
