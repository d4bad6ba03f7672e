import { holm } from './correction.ts';
import { type TTest, pairedTest } from './statistics.ts';
import { USUAL_SPREAD } from './verdict.ts';

/** A number and the number that another run of the same graph and seed gave. */
export interface Pair {
  variant: string;
  expected: number;
  /** null without a result. */
  found: number | null;
}

/** How far numbers agree with those that were expected. */
export interface Agreement {
  /**
   * `identical`: every number to the last bit. `within-spread`: no graph differs significantly.
   * `different`: a graph does. `incomplete`: a run has no result.
   */
  kind: 'identical' | 'within-spread' | 'different' | 'incomplete';
  /** Found minus expected, by graph; the test is null below two seeds. */
  graphs: { variant: string; difference: number; test: TTest | null; differs: boolean }[];
}

const LEVEL = 0.05;
/** Without a known spread, runs may miss others by three standard deviations of a difference. */
const SINGLE = 3 * Math.SQRT2 * USUAL_SPREAD;

/**
 * Compares numbers with those expected: paired tests by graph, corrected by Holm; one run alone by
 * the usual spread over seeds.
 */
export function agreementOf(pairs: readonly Pair[]): Agreement {
  const groups = [...new Set(pairs.map(({ variant }) => variant))].map((variant) => {
    const own = pairs.filter((pair) => pair.variant === variant && pair.found !== null);
    const [found, expected] = [own.map((pair) => pair.found!), own.map((pair) => pair.expected)];
    const sum = own.reduce((total, pair) => total + pair.found! - pair.expected, 0);
    return {
      variant,
      difference: own.length > 0 ? sum / own.length : 0,
      test: pairedTest(found, expected),
    };
  });
  // Equal differences tell nothing of their spread: one image more or less is no disagreement.
  const tested = groups.filter(({ test }) => test !== null && test.t !== null);
  const adjusted = holm(tested.map(({ test }) => test!.p));
  const graphs = groups.map((group) => ({
    ...group,
    differs: tested.includes(group)
      ? adjusted[tested.indexOf(group)]! < LEVEL
      : Math.abs(group.difference) > SINGLE,
  }));
  return { kind: kindOf(pairs, graphs), graphs };
}

function kindOf(pairs: readonly Pair[], graphs: Agreement['graphs']): Agreement['kind'] {
  if (pairs.length === 0 || pairs.some(({ found }) => found === null)) return 'incomplete';
  if (pairs.every(({ found, expected }) => found === expected)) return 'identical';
  return graphs.some(({ differs }) => differs) ? 'different' : 'within-spread';
}
