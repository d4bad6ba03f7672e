import { binomialShares } from './distributions.ts';

/**
 * Outcomes count as no likelier than the one seen up to this factor: rounding must not part equal
 * ones.
 */
const SAME = 1 + 1e-7;

/** p-values of k successes in n draws of a share. */
export interface BinomialTest {
  /** All outcomes that are not likelier than the one seen. */
  twoSided: number;
  /** At least so many. */
  greater: number;
  /** At most so many. */
  less: number;
}

/** The exact binomial test. */
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
