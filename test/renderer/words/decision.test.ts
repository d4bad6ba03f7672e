import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ordinal } from '../../../renderer/ui/format.ts';
import { briefDecisionText, decisionText } from '../../../renderer/words/decision.ts';
import { decision } from '../rows.ts';

test('a decision is one sentence with the rank and the number that continue', () => {
  const stop = decision({ rung: 4, value: 0.312, go: false, n: 14, rank: 9, limit: 7 });
  assert.equal(
    decisionText(stop),
    'stopped at epoch 4: 31.2 %, ranked 9th of 14, the top 7 continue',
  );
  assert.equal(briefDecisionText(stop), '9th of 14 (top 7 continue)');
  const first = decision({ rung: 1, value: 0.5, n: 1, rank: 1, limit: 1 });
  assert.equal(
    decisionText(first),
    'continued at epoch 1: 50.0 %, ranked 1st of 1, only the best continues',
  );
});

test('rules without ranks and values that are no numbers keep their own words', () => {
  const none = decision({ rung: 2, value: null, go: false });
  assert.equal(decisionText(none), 'stopped at epoch 2: the accuracy is not a number');
  assert.equal(briefDecisionText(none), 'the accuracy is not a number');
  const median = decision({ rung: 2, value: 0.5, rank: null, limit: null, median: 0.4, n: 5 });
  assert.match(decisionText(median), /^continued at epoch 2: .*median/);
});

test('ranks are ordinal numbers', () => {
  assert.deepEqual([1, 2, 3, 4, 11, 12, 13, 21, 102, 111].map(ordinal), [
    '1st',
    '2nd',
    '3rd',
    '4th',
    '11th',
    '12th',
    '13th',
    '21st',
    '102nd',
    '111th',
  ]);
});
