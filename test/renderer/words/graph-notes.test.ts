import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkGraph } from '../../../core/graph/check.ts';
import { fromText } from '../../../core/graph/text.ts';
import { mergedNotes } from '../../../renderer/words/graph-notes.ts';

test('equal notes of several nodes are merged; warnings are not', () => {
  const problems = checkGraph(
    fromText('resnet8=TXXXX,resnet8=TXXXX,resnet14=XXXXX,resnet20=XXXXX,resnet8=TXXXX'),
  );
  const merged = mergedNotes(problems);
  assert.deepEqual(
    merged.filter(({ severity }) => severity === 'note').map(({ message }) => message),
    [
      'No path of open edges leads from nodes 2, 3, 4 and 5 to the target: not trained, ' +
        'because the result would not change.',
    ],
  );
  const warnings = problems.filter(({ severity }) => severity === 'warning');
  assert.equal(warnings.length, 2);
  assert.deepEqual(
    merged.filter(({ severity }) => severity === 'warning'),
    warnings,
  );
});

test('a lone note stays as it is', () => {
  const problems = checkGraph(fromText('resnet8=TX,resnet8=TX'));
  assert.deepEqual(mergedNotes(problems), problems);
  assert.equal(problems.length, 1);
});
