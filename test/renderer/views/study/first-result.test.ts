import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SlotView } from '../../../../core/lab/api.ts';
import { firstResultText, withLoss } from '../../../../renderer/views/study/first-result.ts';

const slot = (progress: Partial<NonNullable<SlotView['progress']>> | null): SlotView =>
  ({
    progress: progress && {
      epoch: 1,
      step: 10,
      steps: 50,
      compiling: null,
      imagesPerSecond: 128,
      memory: 1,
      ...progress,
    },
  }) as SlotView;

test('the sentence says when the first result comes, from the speed so far', () => {
  assert.equal(firstResultText(slot({}), 64), 'First result after epoch 1, in about 20 s.');
  assert.equal(firstResultText(slot(null), 64), 'First result after epoch 1.');
  assert.equal(firstResultText(slot({ imagesPerSecond: 0 }), 64), 'First result after epoch 1.');
  assert.match(firstResultText(slot({ step: 50 }), 64), /being evaluated/);
});

test('losses are kept in the order of their steps, each once', () => {
  const first = withLoss([], slot({ loss: 2 }));
  assert.deepEqual(first, [{ at: 0.2, loss: 2 }]);
  assert.deepEqual(withLoss(first, slot({ loss: 1.9 })), first, 'the same step');
  assert.deepEqual(withLoss(first, slot({ step: 20, loss: 1.5 })).at(-1), { at: 0.4, loss: 1.5 });
  assert.deepEqual(withLoss(first, slot({ step: 20 })), first, 'no loss is known');
});
