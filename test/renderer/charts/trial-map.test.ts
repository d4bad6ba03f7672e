import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cellAt, drawMap, mapLegend, placeMap } from '../../../renderer/charts/trial-map.ts';
import { light } from '../../../renderer/ui/colors.ts';
import { trial } from '../rows.ts';

const one = trial(1, {}, 'resnet8=TL,resnet8=XX');
const rowsOf = (count: number) => Array.from({ length: count }, (_, i) => ({ ...one, run: i + 1 }));
const size = { width: 600, height: 300 };

void test('all trials fit, as large as they can, and none overlaps another', () => {
  for (const count of [1, 12, 300, 1500]) {
    const cells = placeMap(rowsOf(count), 2, size);
    assert.equal(cells.length, count);
    for (const { x, y, width, height } of cells) {
      assert.ok(x >= 0 && y >= 0 && x + width <= size.width && y + height <= size.height);
    }
    cells.slice(1).forEach((cell, i) => {
      const before = cells[i]!;
      assert.ok(cell.x >= before.x + before.width || cell.y >= before.y + before.height);
    });
  }
  assert.ok(placeMap(rowsOf(1), 2, size)[0]!.width > placeMap(rowsOf(1500), 2, size)[0]!.width);
});

void test('where not all trials can be told apart, the best ones are shown', () => {
  const cells = placeMap(rowsOf(50_000), 2, size);
  assert.ok(cells.length > 500 && cells.length < 50_000);
  assert.deepEqual(
    cells.slice(0, 3).map(({ run }) => run),
    [1, 2, 3],
  );
});

void test('a trial is a ground and a cell in its colour for each open edge', () => {
  const rows = rowsOf(2);
  const cells = placeMap(rows, 2, size);
  const marks = drawMap(rows, cells, light, (run) => run === 2);
  assert.equal(marks.length, 2 * 3);
  assert.deepEqual(
    marks.map(({ opacity }) => opacity),
    [undefined, undefined, undefined, 0.12, 0.12, 0.12],
  );
  assert.deepEqual(
    mapLegend(rows)().map(({ text }) => text),
    ['Through', 'Linear'],
  );
});

void test('a place leads to its trial, and the space between to none', () => {
  const cells = placeMap(rowsOf(12), 2, size);
  const { x, y, width, height, run } = cells[5]!;
  assert.equal(cellAt(cells, x + width / 2, y + height / 2)!.run, run);
  assert.equal(cellAt(cells, x - 2, y - 2), null);
});
