import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { medianRule } from '../../core/search/median.ts';
import type { Reported } from '../../core/search/median.ts';

const curve = (...values: number[]): Reported[] =>
  values.map((value, index) => ({ epoch: index + 1, value }));
const options = { grace: 1, samples: 3 };

describe('the median rule', () => {
  test("compares the best value with the median of the others' means up to the same epoch", () => {
    const others = [curve(10, 20, 90), curve(20, 40, 90), curve(30, 60, 0)]; // means up to epoch 2: 15, 30, 45
    const ruling = medianRule(curve(29, 5), others, options);
    assert.deepEqual(ruling, { decision: 'stop', reason: 'judged', n: 3, best: 29, median: 30 });
    assert.equal(medianRule(curve(30, 5), others, options).decision, 'continue', 'not strictly worse');
    assert.equal(medianRule(curve(31, 5), others, options).decision, 'continue');
  });

  test('an even number of others: the mean of the two middle ones', () => {
    const others = [curve(10), curve(20), curve(40), curve(80)];
    assert.equal(medianRule(curve(25), others, options).median, 30);
  });

  test('only trials that have come as far count; too few decide nothing', () => {
    const others = [curve(90, 90), curve(90, 90), curve(90)];
    const early = medianRule(curve(1, 1), others, options);
    assert.deepEqual([early.decision, early.reason, early.n], ['continue', 'too-few-trials', 2]);
    assert.equal(medianRule(curve(1), others, options).decision, 'stop');
  });

  test('before the grace epoch nothing stops, and nothing from before it counts', () => {
    const others = [curve(0, 50), curve(0, 50), curve(0, 50)];
    const late = { grace: 2, samples: 3 };
    assert.equal(medianRule(curve(-1), others, late).reason, 'grace');
    assert.equal(medianRule(curve(40, 40), others, late).median, 50);
  });

  test('NaN stops the trial; of others it is left out', () => {
    assert.equal(medianRule(curve(90, NaN), [], options).reason, 'not-a-number');
    const others = [curve(10, NaN), curve(20, 20), curve(30, 30), curve(NaN, NaN)];
    const ruling = medianRule(curve(NaN, 15), others, options);
    assert.deepEqual([ruling.n, ruling.median, ruling.best, ruling.decision], [3, 20, 15, 'stop']);
  });

  test('the best of all values ever reported is never stopped', () => {
    const values = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(values), values, (others, own) => {
        const first = medianRule(
          curve(...own, 9),
          others.map((each) => curve(...each, 0)),
          options,
        );
        assert.equal(first.decision, 'continue');
      }),
    );
  });
});
