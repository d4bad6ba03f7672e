import assert from 'node:assert/strict';
import { test } from 'node:test';
import { remembered } from '../../../renderer/charts/remembered.ts';

interface Layout {
  readonly rows: readonly number[];
  readonly axis: string;
}

test('the same fields give the same result without a second computation', () => {
  let computed = 0;
  const rows = [1, 2];
  const sumOf = remembered((layout: Layout, size: { width: number }) => {
    computed++;
    return { sum: layout.rows.reduce((sum, each) => sum + each, 0) * size.width };
  });
  const first = sumOf({ rows, axis: 'rung' }, { width: 10 });
  assert.deepEqual(first, { sum: 30 });
  assert.equal(sumOf({ rows, axis: 'rung' }, { width: 10 }), first);
  assert.equal(computed, 1);
});

test('another field, record or number of fields is computed anew', () => {
  const seen: unknown[] = [];
  const look = remembered((layout: object, placed?: object) => {
    seen.push([layout, placed]);
    return seen.length;
  });
  const rows = [1, 2];
  assert.equal(look({ rows }), 1);
  assert.equal(look({ rows: [1, 2] }), 2, 'equal records that are not the same may differ');
  assert.equal(look({ rows }), 3, 'only the last result is kept');
  assert.equal(look({ rows, axis: undefined }), 4);
  assert.equal(look({ rows, axis: undefined }, {}), 5);
  assert.equal(look({ rows, axis: undefined }, {}), 5);
});
