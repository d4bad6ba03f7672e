import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { scaleLinear } from 'd3-scale';
import type { Mark } from '../../../renderer/charts/marks.ts';
import { columnsOf, pointsOf } from '../../../renderer/charts/columns.ts';
import {
  cursorMarks,
  drawSeries,
  epochAt,
  type Series,
  type SeriesInput,
} from '../../../renderer/charts/series.ts';
import { light } from '../../../renderer/ui/colors.ts';

const size = { width: 560, height: 300 };
const input: SeriesInput = { epochs: 16, rungs: [1, 4], percent: true, name: 'accuracy' };
const one = (values: (number | null)[]): Series[] => [{ title: 'node 1', color: '#f00', values }];
const curveOf = (marks: readonly Mark[]): readonly number[] =>
  marks
    .flatMap((mark) => (mark.kind === 'group' ? mark.marks : [mark]))
    .flatMap((mark) => (mark.kind === 'line' && mark.width === 2 ? [mark.points] : []))[0]!;
const ys = (points: readonly number[]): number[] => points.filter((_, i) => i % 2 === 1);

describe('curves of more epochs than pixels', () => {
  const count = 20_000;
  const values = Array.from({ length: count }, (_, i) => 0.5 + 0.3 * Math.sin(i * 12.9898));
  const x = scaleLinear([1, count], [40, 540]);
  const y = scaleLinear([0, 1], [0, 1]);

  test('every column of pixels keeps its lowest and highest value', () => {
    const columns = columnsOf(x, 1, count);
    assert.ok(columns.length <= 501);
    const points = pointsOf(values, columns, y);
    assert.ok(points.length <= 4 * columns.length);
    columns.forEach(({ first, end }, i) => {
      const inside = values.slice(first - 1, end - 1);
      const drawn = ys(points.slice(4 * i, 4 * i + 4));
      if (inside.length <= 4) return;
      assert.equal(Math.min(...drawn), Math.min(...inside));
      assert.equal(Math.max(...drawn), Math.max(...inside));
    });
    assert.equal(columns[0]!.first, 1);
    columns.slice(1).forEach(({ first }, i) => assert.equal(first, columns[i]!.end));
    assert.equal(columns.at(-1)!.end, count + 1);
  });

  test('a gap stays a gap', () => {
    const gap = values.map((value, i) => (i >= 8000 && i < 12_000 ? null : value));
    const points = pointsOf(gap, columnsOf(x, 1, count), y);
    const low = x(8000) + 1;
    const high = x(12_001) - 1;
    let interrupted = false;
    for (let i = 0; i < points.length; i += 2) {
      if (Number.isNaN(points[i + 1]!)) interrupted = true;
      else assert.ok(points[i]! <= low || points[i]! >= high);
    }
    assert.ok(interrupted);
  });

  test('epochs that have columns of their own are drawn as they are', () => {
    const few = [0.1, null, 0.3, 0.2];
    const wide = scaleLinear([1, 4], [0, 300]);
    assert.deepEqual(pointsOf(few, columnsOf(wide, 1, 4), y), [
      ...[0, 0.1, 100, NaN],
      ...[200, 0.3, 300, 0.2],
    ]);
  });

  test('the axes fit any number of values', () => {
    const many = Array.from({ length: 8 }, (_, i) => ({
      title: `node ${i}`,
      color: '#f00',
      values: Array.from({ length: count }, (_, k) => (k % 1000) / 1000 + i),
    }));
    const { y: scale } = drawSeries(many, { ...input, epochs: count, percent: false }, size, light);
    assert.ok(scale.domain()[0]! <= 0 && scale.domain()[1]! >= 7.999);
  });
});

describe('curves of a run', () => {
  test('fewer than three values are dots', () => {
    const dots = (values: (number | null)[]): number =>
      drawSeries(one(values), input, size, light).marks.filter(({ kind }) => kind === 'dot').length;
    assert.deepEqual([[0.1], [0.1, null, 0.2], [0.1, 0.2, 0.3]].map(dots), [1, 2, 0]);
  });

  test('a part of the epochs is drawn up to its edges, and the other axis fits it', () => {
    const values = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];
    const { marks, x, y, frame } = drawSeries(
      one(values),
      { ...input, zoom: { x: [2.5, 5.5], y: null } },
      size,
      light,
    );
    assert.equal(curveOf(marks).length, 2 * 5, 'epochs 2 to 6');
    assert.deepEqual([Math.round(x(2.5)), Math.round(x(5.5))], [frame.left, frame.right]);
    assert.ok(y.domain()[0]! > 0.1 && y.domain()[1]! < 0.7);
    assert.ok(marks.some((mark) => mark.kind === 'group' && mark.clip === frame));
  });

  test('new epochs leave a part that is looked at as it is', () => {
    const zoom = { x: [1, 4], y: [0.1, 0.3] } as const;
    const scales = [3, 9].map((count) => {
      const values = Array.from({ length: count }, (_, i) => i / 10);
      const { x, y } = drawSeries(one(values), { ...input, zoom }, size, light);
      return [x.domain(), y.domain()];
    });
    assert.deepEqual(scales[0], scales[1]);
  });

  test('the pointer finds the nearest epoch that has been measured', () => {
    const { x } = drawSeries(one([0.1, 0.2, 0.3, 0.4]), input, size, light);
    assert.equal(epochAt(x, x(3) + 4, 4), 2);
    assert.equal(epochAt(x, 0, 4), 0);
    assert.equal(epochAt(x, x(16), 4), 3);
    assert.equal(epochAt(x, x(3), 0), null);
  });

  test('the pointed epoch has a line and a dot on every series with a value', () => {
    const series = [...one([0.1, 0.2]), ...one([0.3, null])];
    const drawn = drawSeries(series, input, size, light);
    const [line, dots] = cursorMarks(series, 1, drawn, light);
    assert.ok(line?.kind === 'line' && line.points[0] === drawn.x(2));
    assert.ok(dots?.kind === 'group');
    assert.deepEqual(
      dots.marks.map((mark) => mark.kind === 'dot' && mark.y),
      [drawn.y(0.2)],
    );
    const zoomed = drawSeries(series, { ...input, zoom: { x: [4, 8], y: null } }, size, light);
    assert.deepEqual(cursorMarks(series, 1, zoomed, light), [], 'it lies outside');
  });
});
