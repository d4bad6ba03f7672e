import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { fittingOnLine } from '../../../../renderer/features/graph/legend-line.ts';

describe('the line of a legend', () => {
  test('holds all signs that fit exactly', () => {
    assert.equal(fittingOnLine([30, 30], { width: 70, gap: 10, more: 50 }), 2);
    assert.equal(fittingOnLine([], { width: 70, gap: 10, more: 50 }), 0);
  });

  test('leaves room for its button when one sign is too many', () => {
    assert.equal(fittingOnLine([30, 30], { width: 69, gap: 10, more: 20 }), 1);
    assert.equal(fittingOnLine([30, 30], { width: 69, gap: 10, more: 40 }), 0);
  });

  test('never overflows', () => {
    const length = fc.integer({ min: 1, max: 200 });
    fc.assert(
      fc.property(fc.array(length), length, length, length, (widths, width, gap, more) => {
        const count = fittingOnLine(widths, { width, gap, more });
        const shown = widths.slice(0, count);
        const button = count < widths.length ? [more] : [];
        const parts = [...shown, ...button];
        const end = parts.reduce((sum, each) => sum + each, gap * (parts.length - 1));
        assert.ok(count === 0 || end <= width);
      }),
    );
  });
});
