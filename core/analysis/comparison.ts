import { holm } from './correction.ts';
import { type TTest, mean, pairedTest, welchTest } from './statistics.ts';

/** Values of one graph by seed. */
export type Seeds = ReadonlyMap<number, number>;

/** Comparison of a graph with one other graph. */
export interface Comparison {
  /** Main test: differences of runs with the same seed; null below two pairs. */
  paired: TTest | null;
  welch: TTest | null;
  /**
   * p of the main test (of Welch's test without pairs), corrected by Holm over all comparisons;
   * null without a test.
   */
  adjusted: number | null;
  /** True when the corrected p is below 5 %. */
  significant: boolean;
}

/** Compares a graph with several others. */
export function compare(graph: Seeds, others: readonly Seeds[]): Comparison[] {
  const tests = others.map((other) => {
    const shared = [...graph.keys()].filter((seed) => other.has(seed));
    return {
      paired: pairedTest(
        shared.map((seed) => graph.get(seed)!),
        shared.map((seed) => other.get(seed)!),
      ),
      welch: welchTest([...graph.values()], [...other.values()]),
    };
  });
  const known = tests.flatMap(({ paired, welch }, at) => {
    const test = paired ?? welch;
    return test ? [{ at, p: test.p }] : [];
  });
  const corrected = holm(known.map(({ p }) => p));
  const adjusted = new Map(known.map(({ at }, index) => [at, corrected[index]!]));
  return tests.map((test, at) => {
    const p = adjusted.get(at) ?? null;
    return { ...test, adjusted: p, significant: p !== null && p < 0.05 };
  });
}

/**
 * Returns how far the best of many trials overestimates itself: its accuracy minus the mean of its
 * re-run; null without a re-run.
 */
export const winnersCurse = (best: number, rerun: readonly number[]): number | null =>
  rerun.length === 0 || !Number.isFinite(best) ? null : best - mean(rerun);
