import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkGraph } from '../../../core/graph/check.ts';
import { fromText } from '../../../core/graph/text.ts';
import { mergedNotes } from '../../../renderer/words/graph-notes.ts';

test('notes that say the same of several nodes are one; warnings stay apart', () => {
  const problems = checkGraph(
    fromText('resnet8=TXXXX,resnet8=TXXXX,resnet14=XXXXX,resnet20=XXXXX,resnet8=TXXXX'),
  );
  const merged = mergedNotes(problems);
  assert.deepEqual(
    merged.filter(({ severity }) => severity === 'note').map(({ message }) => message),
    [
      "Nothing of nodes 2, 3, 4 and 5 reaches the target, so it cannot change the target's result and need not be trained.",
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
