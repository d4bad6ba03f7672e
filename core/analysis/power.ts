import { noncentralTails, tQuantile } from './distributions.ts';

/** How runs are compared: pairs that share a seed, or two groups of equal size. */
export type Design = 'paired' | 'welch';

const LEVEL = 0.05;
/** Share of the cases in which a true difference is to be found. */
export const POWER = 0.8;
/** More runs than this are not asked for. */
const RUN_LIMIT = 10_000;

/**
 * Share of the cases in which a two-sided test at 5 % finds a true difference (noncentral t, both
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
 * The smallest true difference, in standard deviations, that is found in 80 % of the cases; null
 * below two runs.
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
 * Runs on each side that find a true difference in 80 % of the cases; null when 10,000 are too few.
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
