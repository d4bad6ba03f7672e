import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tQuantile } from '../../core/analysis/distributions.ts';
import { compare } from '../../core/analysis/comparison.ts';
import { mean, pairedTest, sampleDeviation, welch } from '../../core/analysis/statistics.ts';

const near = (actual: number, expected: number, tolerance: number): void => {
  assert.ok(
    Math.abs(actual - expected) <= tolerance,
    `${actual} is not ${expected} +- ${tolerance}`,
  );
};

void test('mean and sample standard deviation', () => {
  assert.equal(mean([2, 4, 4, 4, 5, 5, 7, 9]), 5);
  near(sampleDeviation([2, 4, 4, 4, 5, 5, 7, 9]), Math.sqrt(32 / 7), 1e-15);
  assert.ok(Number.isNaN(sampleDeviation([1])));
});

void test('quantiles of Student t: closed forms for 1 and 2 degrees, tables, the normal limit', () => {
  // tan(pi (p - 1/2)); (2p - 1) sqrt(2 / (4 p (1 - p)))
  near(tQuantile(0.975, 1), Math.tan(Math.PI * 0.475), 1e-11);
  near(tQuantile(0.975, 2), 0.95 * Math.sqrt(2 / (4 * 0.975 * 0.025)), 1e-12);
  // Abramowitz and Stegun, table 26.10
  for (const [degrees, value] of [
    [3, 3.18245],
    [4, 2.77645],
    [5, 2.57058],
    [8, 2.306],
    [10, 2.22814],
    [30, 2.04227],
  ] as const)
    near(tQuantile(0.975, degrees), value, 1e-5);
  near(tQuantile(0.975, 1e7), 1.959964, 1e-5);
  near(tQuantile(0.5, 7), 0, 1e-15);
  // Between whole degrees it falls steadily.
  assert.ok(
    tQuantile(0.975, 5.5) < tQuantile(0.975, 5) && tQuantile(0.975, 5.5) > tQuantile(0.975, 6),
  );
});

void test('Welch: a worked example with unequal sizes and variances', () => {
  // scipy.stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
  const a = [
    27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4,
  ];
  const b = [
    27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 30.5, 24.4,
  ];
  const { mean: difference, low, high, significant } = welch(a, b)!;
  near(difference, mean(a) - mean(b), 1e-12);
  near(low, -4.868022741791966, 1e-9);
  near(high, -0.7986439248746979, 1e-9);
  assert.equal(significant, true);
});

void test('Welch: null below two values, and no spread for equal values', () => {
  assert.equal(welch([1], [1, 2]), null);
  assert.deepEqual(welch([0.75, 0.75], [0.5, 0.5]), {
    mean: 0.25,
    low: 0.25,
    high: 0.25,
    significant: true,
  });
  assert.equal(welch([0.5, 0.5], [0.5, 0.5])!.significant, false);
});

void test('the rounding of numbers is no spread and no difference', () => {
  const three = [0.1, 0.1, 0.1];
  assert.notEqual(mean(three), 0.1, 'a mean that is rounded');
  assert.equal(sampleDeviation(three), 0);
  assert.equal(welch(three, [0.1, 0.1])!.significant, false);

  const [graph, other] = [
    [0.265, 0.165],
    [0.285, 0.185],
  ] as const;
  assert.notEqual(graph[0] - other[0], graph[1] - other[1], 'differences that are rounded');
  const paired = pairedTest(graph, other)!;
  assert.equal(paired.t, null);
  near(paired.difference, -0.02, 1e-15);
  const seeds = (values: readonly number[]) => new Map(values.map((value, seed) => [seed, value]));
  const [compared] = compare(seeds(graph), [seeds(other)]);
  assert.equal(compared!.significant, false);
  near(compared!.adjusted!, compared!.welch!.p, 0);
});

void test('a small spread beside large numbers counts', () => {
  near(sampleDeviation([1000, 1000 + 1e-9]), Math.SQRT1_2 * 1e-9, 1e-12);
  assert.notEqual(pairedTest([1, 2, 3], [1, 2, 3 - 1e-12])!.t, null);
});
