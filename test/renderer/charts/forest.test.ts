import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare } from '../../../core/analysis/comparison.ts';
import type { RerunView } from '../../../core/lab/api.ts';
import { drawForest, forestHeight } from '../../../renderer/charts/forest.ts';
import { light } from '../../../renderer/ui/colors.ts';
import { edgeWidths, forestRows } from '../../../renderer/views/rerun/forest-rows.ts';

const seeds = (...values: number[]) => new Map(values.map((value, seed) => [seed, value]));
const [clear, unclear] = compare(seeds(0.726, 0.729, 0.724, 0.728, 0.73), [
  seeds(0.701, 0.706, 0.698, 0.704, 0.703),
  seeds(0.725, 0.73, 0.722, 0.729, 0.731),
]);

const view = {
  variants: [
    { name: 'graph', mean: 0.7274, comparison: null },
    { name: 'cutoff 0-1', mean: null, comparison: null },
    { name: 'cutoff 1-2', mean: 0.7274, comparison: unclear },
    { name: 'cutoff 2-1', mean: 0.7024, comparison: clear },
  ],
} as unknown as RerunView;

test('changes are sorted by what they cost, those without a result last', () => {
  const rows = forestRows(view);
  assert.deepEqual(
    rows.map(({ title, significant, text }) => [title, significant, text]),
    [
      ['2 → 1 Cutoff', true, '+2.50, +2.30 to +2.70'],
      ['1 → 2 Cutoff', false, '+0.00, −0.18 to +0.18'],
      ['Label → 1 Cutoff', false, 'no result yet'],
    ],
  );
});

test('an edge is as thick as its change costs; without a result it has the usual width', () => {
  const widths = edgeWidths(view);
  assert.deepEqual([widths.get('2-1'), widths.get('1-2'), widths.get('0-1')], [3, 0.5, undefined]);
  const same = { variants: [view.variants[0], view.variants[2]] } as unknown as RerunView;
  assert.equal(edgeWidths(same).get('1-2'), 0.5);
});

test('a row has a dot and an interval inside the frame, none without a result', () => {
  const rows = forestRows(view);
  const size = { width: 700, height: forestHeight(rows.length) };
  const marks = drawForest(rows, size, light);
  const dots = marks.flatMap((mark) => (mark.kind === 'dot' ? [mark] : []));
  assert.equal(dots.length, 2);
  assert.ok(dots[0]!.x > dots[1]!.x && dots.every(({ x }) => x > 0 && x < size.width));
  for (const mark of marks)
    for (const value of mark.kind === 'line'
      ? mark.points
      : mark.kind === 'dot'
        ? [mark.x, mark.y]
        : [])
      assert.ok(Number.isFinite(value));
  assert.ok(drawForest([], size, light).length > 0);
});
