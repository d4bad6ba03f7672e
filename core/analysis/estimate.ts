import { hypergeometricShares } from './distributions.ts';

/** A number that a sample tells, with its 95 % interval. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
}

/** Probability outside a 95 % interval on each side. */
const TAIL = 0.025;
/** The normal distribution's 97.5 % quantile. */
const NORMAL = 1.959963984540054;

/** The numbers of good ones in a population that a random sample of it does not exclude. */
export interface Possible {
  low: number;
  high: number;
}

/**
 * Returns the 95 % interval of the number of good ones in a population, of which a random sample
 * without replacement is known: all numbers whose exact tails are above 2.5 % (the hypergeometric
 * form of C. J. Clopper and E. S. Pearson, Biometrika 26, 1934).
 *
 * @param good in the sample
 */
export function possibleGood(good: number, sample: number, population: number): Possible {
  const sum = (some: readonly number[]): number => some.reduce((total, each) => total + each, 0);
  const sharesOf = (all: number): number[] => hypergeometricShares(population, all, sample);
  const isEnough = (all: number): boolean => sum(sharesOf(all).slice(good)) > TAIL;
  const isTooMuch = (all: number): boolean => sum(sharesOf(all).slice(0, good + 1)) <= TAIL;
  const [least, most] = [good, population - (sample - good)];
  return {
    low: firstOf(least, most, isEnough),
    high: isTooMuch(most) ? firstOf(least, most, isTooMuch) - 1 : most,
  };
}

/** Returns the smallest integer that fits, of a range in which all after it do. */
function firstOf(least: number, most: number, fits: (value: number) => boolean): number {
  let [low, high] = [least, most];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (fits(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Returns a rank correlation with its 95 % interval by Fisher's z, variance (1 + r^2 / 2) / (n - 3)
 * (D. G. Bonett and T. A. Wright, Psychometrika 65, 2000); null below four values.
 *
 * @param count number of values, for weighted ones their effective number
 */
export function correlationEstimate(value: number, count: number): Estimate | null {
  if (count <= 3) return null;
  // Ranks that agree entirely count as half a swap of neighbours away from it: z is finite.
  const limit = 1 - 6 / (count * (count ** 2 - 1));
  const z = Math.atanh(Math.min(limit, Math.max(-limit, value)));
  const half = NORMAL * Math.sqrt((1 + value ** 2 / 2) / (count - 3));
  return {
    value,
    low: Math.min(value, Math.tanh(z - half)),
    high: Math.max(value, Math.tanh(z + half)),
  };
}
