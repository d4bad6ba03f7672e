import { binomialShares } from './distributions.ts';

/** Tolerance for equal probabilities: rounding must not separate them. */
const SAME = 1 + 1e-7;

/** p-values of k successes in n draws. */
export interface BinomialTest {
  /** Probability of all outcomes that are not more likely than the observed one. */
  twoSided: number;
  /** Probability of k or more. */
  greater: number;
  /** Probability of k or fewer. */
  less: number;
}

/** Computes the exact binomial test of k successes in n draws with probability `share`. */
export function binomialTest(k: number, n: number, share: number): BinomialTest {
  const shares = binomialShares(n, share);
  const sum = (some: readonly number[]): number =>
    Math.min(
      1,
      some.reduce((total, each) => total + each, 0),
    );
  return {
    twoSided: sum(shares.filter((each) => each <= shares[k]! * SAME)),
    greater: k === 0 ? 1 : sum(shares.slice(k)),
    less: k === n ? 1 : sum(shares.slice(0, k + 1)),
  };
}
