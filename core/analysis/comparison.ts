import { holm } from './correction.ts';
import { type Design, neededRuns } from './power.ts';
import { type Summary, type TTest, pairedTest, welchOfSummaries, welchTest } from './statistics.ts';

/** Values of one graph by seed. */
export type Seeds = ReadonlyMap<number, number>;

/** Comparison of a graph with one other graph. */
export interface Comparison {
  /** Usual main test: differences of runs with the same seed; null below two pairs. */
  paired: TTest | null;
  welch: TTest | null;
  /**
   * p of the main test (`mainTest`), corrected by Holm over all comparisons;
   * null without a test.
   */
  adjusted: number | null;
  /** True when the corrected p is below 5 %. */
  significant: boolean;
  /**
   * Seeds on each side with which the main test finds the observed difference in 80 % of cases, also
   * at the strictest step of Holm's correction; null without a test or a difference, and above
   * 10,000.
   */
  needed: number | null;
}

interface Tests extends Pick<Comparison, 'paired' | 'welch'> {
  /** Runs of the main test. */
  runs: readonly [number, number];
}

/** Significance level after correction. */
const LEVEL = 0.05;

/** Compares a graph with several others. */
export const compare = (graph: Seeds, others: readonly Seeds[]): Comparison[] =>
  corrected(
    others.map((other) => {
      const shared = [...graph.keys()].filter((seed) => other.has(seed));
      const paired = pairedTest(
        shared.map((seed) => graph.get(seed)!),
        shared.map((seed) => other.get(seed)!),
      );
      const tests = { paired, welch: welchTest([...graph.values()], [...other.values()]) };
      const isPaired = paired !== null && mainTest(tests) === paired;
      return {
        ...tests,
        runs: isPaired ? [shared.length, shared.length] : [graph.size, other.size],
      };
    }),
  );

/** Compares rows of published tables; their seeds are unknown, so there are no pairs. */
export const compareSummaries = (graph: Summary, others: readonly Summary[]): Comparison[] =>
  corrected(
    others.map((other) => ({
      paired: null,
      welch: welchOfSummaries(graph, other),
      runs: [graph.runs, other.runs],
    })),
  );

/**
 * Returns the test that a comparison is judged by; null below two values on a side. Differences that
 * are all the same tell nothing of their spread (two seeds and few test images give them by chance):
 * then Welch's test decides.
 */
export const mainTest = ({ paired, welch }: Pick<Comparison, 'paired' | 'welch'>): TTest | null =>
  paired && (paired.t !== null || paired.difference === 0 || !welch) ? paired : welch;

/** Corrects the main tests by Holm over all comparisons that have one. */
function corrected(tests: readonly Tests[]): Comparison[] {
  const known = tests.flatMap((each, at) => {
    const test = mainTest(each);
    return test ? [{ at, p: test.p }] : [];
  });
  const adjusted = holm(known.map(({ p }) => p));
  const byPlace = new Map(known.map(({ at }, index) => [at, adjusted[index]!]));
  return tests.map(({ runs, paired, welch }, at) => {
    const p = byPlace.get(at) ?? null;
    const significant = p !== null && p < LEVEL;
    const seeds = needed({ runs, paired, welch }, known.length);
    return { paired, welch, adjusted: p, significant, needed: seeds };
  });
}

function needed({ paired, welch, runs: [a, b] }: Tests, comparisons: number): number | null {
  const test = mainTest({ paired, welch });
  if (!test || test.difference === 0) return null;
  const design: Design = test === paired ? 'paired' : 'welch';
  // Without any spread two runs on a side tell the graphs apart.
  if (test.t === null) return 2;
  const times = test.t * Math.sqrt(design === 'paired' ? 1 / a : 1 / a + 1 / b);
  return neededRuns(times, design, comparisons);
}
