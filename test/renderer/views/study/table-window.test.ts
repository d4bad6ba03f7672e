import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  rowsInView,
  scrollTopFor,
  stepsOf,
} from '../../../../renderer/views/study/table-window.ts';

const row = 44;

test('a table draws the visible rows and four more at each edge', () => {
  assert.deepEqual(rowsInView(1500, { scrollTop: 0, height: 440, row }), { first: 0, end: 18 });
  const middle = rowsInView(1500, { scrollTop: 4400, height: 440, row });
  assert.deepEqual(middle, { first: 96, end: 114 });
  assert.deepEqual(rowsInView(5, { scrollTop: 0, height: 440, row }), { first: 0, end: 5 });
  assert.deepEqual(rowsInView(0, { scrollTop: 0, height: 440, row }), { first: 0, end: 0 });
});

test('a table draws no row beyond the visible ones where it is told so', () => {
  const top = { scrollTop: 0, height: 440, row, spare: 0 };
  assert.deepEqual(rowsInView(1500, top), { first: 0, end: 10 });
});

test('every visible row is drawn, wherever the table is scrolled to', () => {
  for (let scrollTop = 0; scrollTop < 3000; scrollTop += 13) {
    const { first, end } = rowsInView(100, { scrollTop, height: 400, row });
    assert.ok(first * row <= scrollTop);
    assert.ok(end === 100 || end * row >= scrollTop + 400);
  }
});

test('a table scrolls as little as makes a row visible', () => {
  const view = { scrollTop: 440, height: 440, row };
  assert.equal(scrollTopFor(12, view), 440, 'already visible');
  assert.equal(scrollTopFor(3, view), 132, 'above');
  assert.equal(scrollTopFor(30, view), 31 * row - 440, 'below');
});

test('arrow, page and end keys move the selection; other keys do not', () => {
  const keys = ['ArrowDown', 'ArrowUp', 'PageDown', 'PageUp', 'Home', 'End', 'x'];
  assert.deepEqual(
    keys.map((key) => stepsOf(key, 100, 9)),
    [1, -1, 9, -9, -100, 100, undefined],
  );
});
