import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { paperSpace, withGates, withLists, withModels } from '../../core/graph/space.ts';
import {
  choiceWeight,
  drawnChoices,
  priorWithin,
  weightOfChoice,
  withChoiceWeight,
} from '../../core/study/prior.ts';

const space = withLists(paperSpace(2, 'resnet8', ['resnet8', 'resnet20']), 2, 1, {
  weights: [0.5, 1],
  temperatures: [1, 4],
});

describe('weights of single choices', () => {
  test('every choice that draws decide has one, locked ones have none', () => {
    assert.deepEqual(drawnChoices(space), [
      { kind: 'model', choices: ['resnet8', 'resnet20'] },
      { kind: 'gate', choices: ['through', 'cutoff', 'linear', 'correct'] },
      { kind: 'weight', choices: ['0.5', '1'] },
      { kind: 'temperature', choices: ['1', '4'] },
    ]);
    const locked = space.edges.reduce(
      (all, { source, destination }) => withGates(all, source, destination, ['through']),
      paperSpace(2, 'resnet8', ['resnet8']),
    );
    assert.deepEqual(drawnChoices(locked), []);
  });

  test('a weight is named as on the command line, and 1 is not named', () => {
    const once = withChoiceWeight({ frozen: 0.5 }, { kind: 'gate', choice: 'cutoff', weight: 2 });
    assert.deepEqual(once, { frozen: 0.5, weights: { cutoff: 2 } });
    const twice = withChoiceWeight(once, { kind: 'temperature', choice: '1', weight: 3 });
    assert.deepEqual(twice.weights, { cutoff: 2, 'temperature:1': 3 });
    assert.equal(weightOfChoice(twice, 'temperature', '1'), 3);
    assert.equal(weightOfChoice(twice, 'weight', '1'), 1);
    const back = withChoiceWeight(once, { kind: 'gate', choice: 'cutoff', weight: 1 });
    assert.deepEqual(back, { frozen: 0.5 });
  });

  test('a choice that leaves the space takes its weight along', () => {
    const weights = { resnet20: 2, cutoff: 3, 'temperature:4': 2 };
    assert.deepEqual(priorWithin(space, { weights }), { weights });
    const smaller = withModels(withLists(space, 2, 1, { temperatures: [1] }), 2, ['resnet8']);
    assert.deepEqual(priorWithin(smaller, { weights }), { weights: { cutoff: 3 } });
    assert.deepEqual(priorWithin(smaller, { frozen: 1, weights: { resnet20: 2 } }), { frozen: 1 });
  });

  test('a weight is from 0.001 to 1000', () => {
    for (const weight of [0.001, 1, 1000]) assert.equal(choiceWeight(weight), weight);
    for (const weight of [0, -1, 1001, NaN, Infinity])
      assert.throws(() => choiceWeight(weight), { code: 'search.choice-weight' });
  });
});
