import { noncentralTails, tQuantile } from './distributions.ts';

/** Kind of comparison: pairs with equal seeds, or two groups of equal size. */
export type Design = 'paired' | 'welch';

const LEVEL = 0.05;
/** Required probability of finding a true difference. */
const POWER = 0.8;
/** Upper limit of suggested runs. */
const RUN_LIMIT = 10_000;

/**
 * Returns the probability that a two-sided test at 5 % finds a true difference (noncentral t, both
 * tails).
 *
 * @param difference in standard deviations; of the pairs' differences for `paired`
 * @param runs on each side
 */
export function power(difference: number, runs: number, design: Design): number {
  const degrees = design === 'paired' ? runs - 1 : 2 * (runs - 1);
  const scale = design === 'paired' ? Math.sqrt(runs) : Math.sqrt(runs / 2);
  return noncentralTails(tQuantile(1 - LEVEL / 2, degrees), degrees, Math.abs(difference) * scale);
}

/**
 * Returns the smallest true difference, in standard deviations, that the test finds with a
 * probability of 80 %; null below two runs.
 */
export function minimalDifference(runs: number, design: Design): number | null {
  if (runs < 2) return null;
  let high = 1;
  while (power(high, runs, design) < POWER) high *= 2;
  let low = 0;
  for (let step = 0; step < 50; step++) {
    const middle = (low + high) / 2;
    if (power(middle, runs, design) < POWER) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * Returns the runs on each side needed to find a true difference with a probability of 80 %; null
 * above 10,000.
 */
export function neededRuns(difference: number, design: Design): number | null {
  if (!(Math.abs(difference) > 0)) return null;
  let [low, high] = [1, 2];
  while (power(difference, high, design) < POWER) {
    if (high >= RUN_LIMIT) return null;
    [low, high] = [high, Math.min(RUN_LIMIT, high * 2)];
  }
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (power(difference, middle, design) < POWER) low = middle;
    else high = middle;
  }
  return high;
}
