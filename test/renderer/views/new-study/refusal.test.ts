import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabError } from '../../../../core/base/errors.ts';
import { parseGraph } from '../../../../core/graph/parse.ts';
import { RefusedValue } from '../../../../core/graph/refusal.ts';
import { paperSpace, withListsBetween } from '../../../../core/graph/space.ts';
import { fromText } from '../../../../core/graph/text.ts';
import { refusalOf } from '../../../../renderer/views/new-study/refusal.ts';

const space = paperSpace(2);
const found = 'Found -1, expected a number from 0 to ';

test('the reason at a field leaves out the place of its value', () => {
  const reason = refusalOf(() => withListsBetween(space, { weights: [-1] }));
  assert.ok(reason.startsWith(found), reason);
  const graph = { ...fromText('resnet8=TT,resnet8=TX'), version: 2 };
  const edges = graph.edges.map((edge) => ({ ...edge, weight: -1 }));
  const own = refusalOf(() => parseGraph({ ...graph, edges }));
  assert.ok(own.startsWith(found), own);
});

test('other refusals keep their sentence, and bugs are thrown', () => {
  assert.equal(
    refusalOf(() => undefined),
    '',
  );
  const reason = refusalOf(() => fromText('resnet8=Q'));
  assert.match(reason, /^Graph text, character 9: found "Q", expected a gate/);
  const bug = new TypeError('x is no function');
  assert.throws(
    () =>
      refusalOf(() => {
        throw bug;
      }),
    bug,
  );
});

test('a refused value carries its place as data beside its message', () => {
  assert.throws(
    () => withListsBetween(space, { weights: [-1] }),
    (error) => {
      assert.ok(error instanceof RefusedValue && error instanceof LabError);
      assert.match(error.place, /^edges\[\d+\]\.weights\[0\]$/);
      assert.equal(error.found, '-1');
      assert.ok(error.message.startsWith(`space: ${error.place}: found -1, expected`));
      return true;
    },
  );
});
