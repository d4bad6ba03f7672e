import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { medianRule, newHistory, takeReport } from '../../../core/search/rules/median.ts';
import type { MedianOptions, MedianRuling } from '../../../core/search/rules/median.ts';

/** One value of a trial. */
interface Reported {
  epoch: number;
  value: number;
}

const numbersOf = (reports: readonly Reported[]): number[] =>
  reports.map(({ value }) => value).filter((value) => !Number.isNaN(value));

/** The rule as it is written down: everything is computed from the reports of all trials. */
function ruling(
  own: readonly Reported[],
  others: readonly (readonly Reported[])[],
  rule: MedianOptions,
): MedianRuling {
  const { epoch, value } = own.at(-1)!;
  const means = others
    .filter((reports) => (reports.at(-1)?.epoch ?? 0) >= epoch)
    .map((reports) =>
      numbersOf(reports.filter((each) => each.epoch >= rule.grace && each.epoch <= epoch)),
    )
    .filter((values) => values.length > 0)
    .map((values) => values.reduce((sum, each) => sum + each, 0) / values.length)
    .sort((a, b) => a - b);
  return medianRule({ epoch, value, best: Math.max(...numbersOf(own)), means }, rule);
}

const curve = (...values: number[]): Reported[] =>
  values.map((value, index) => ({ epoch: index + 1, value }));
const options = { grace: 1, samples: 3 };

describe('the median rule', () => {
  test("compares the best value with the median of the others' means up to the same epoch", () => {
    // Means up to epoch 2: 15, 30, 45.
    const others = [curve(10, 20, 90), curve(20, 40, 90), curve(30, 60, 0)];
    const judged = ruling(curve(29, 5), others, options);
    assert.deepEqual(judged, { decision: 'stop', reason: 'judged', n: 3, best: 29, median: 30 });
    assert.equal(ruling(curve(30, 5), others, options).decision, 'continue', 'not strictly worse');
    assert.equal(ruling(curve(31, 5), others, options).decision, 'continue');
  });

  test('an even number of others: the mean of the two middle ones', () => {
    const others = [curve(10), curve(20), curve(40), curve(80)];
    assert.equal(ruling(curve(25), others, options).median, 30);
  });

  test('only trials that have come as far count; too few decide nothing', () => {
    const others = [curve(90, 90), curve(90, 90), curve(90)];
    const early = ruling(curve(1, 1), others, options);
    assert.deepEqual([early.decision, early.reason, early.n], ['continue', 'too-few-trials', 2]);
    assert.equal(ruling(curve(1), others, options).decision, 'stop');
  });

  test('before the grace epoch nothing stops, and nothing from before it counts', () => {
    const others = [curve(0, 50), curve(0, 50), curve(0, 50)];
    const late = { grace: 2, samples: 3 };
    assert.equal(ruling(curve(-1), others, late).reason, 'grace');
    assert.equal(ruling(curve(40, 40), others, late).median, 50);
  });

  test('NaN stops the trial; of others it is left out', () => {
    assert.equal(ruling(curve(90, NaN), [], options).reason, 'not-a-number');
    const others = [curve(10, NaN), curve(20, 20), curve(30, 30), curve(NaN, NaN)];
    const judged = ruling(curve(NaN, 15), others, options);
    assert.deepEqual([judged.n, judged.median, judged.best, judged.decision], [3, 20, 15, 'stop']);
  });

  test('a history updated with each report equals one made from all reports', () => {
    const value = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(NaN));
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 8 }), fc.nat(4), (values, grace) => {
        const history = newHistory();
        let mean = NaN;
        for (const [index, each] of values.entries())
          mean = takeReport(history, index + 1, each, grace);
        const counted = numbersOf(curve(...values).filter(({ epoch }) => epoch >= grace));
        const expected = counted.reduce((sum, each) => sum + each, 0) / counted.length;
        assert.ok(Number.isNaN(expected) ? Number.isNaN(mean) : Math.abs(mean - expected) < 1e-12);
        assert.deepEqual(
          [history.epoch, history.best],
          [values.length, Math.max(...numbersOf(curve(...values)))],
        );
      }),
    );
  });

  test('the best of all values ever reported is never stopped', () => {
    const values = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(values), values, (others, own) => {
        const first = ruling(
          curve(...own, 9),
          others.map((each) => curve(...each, 0)),
          options,
        );
        assert.equal(first.decision, 'continue');
      }),
    );
  });
});
