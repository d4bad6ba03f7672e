import { holm } from './correction.ts';
import { tTails } from './distributions.ts';
import { type Equivalence, equivalenceOf, isEquivalent } from './equivalence.ts';
import { minimalDifference } from './power.ts';
import { type TTest, mean, pairedTest, sampleDeviation } from './statistics.ts';

/** A number and the number that another run of the same graph and seed gave. */
export interface Pair {
  variant: string;
  seed: number;
  expected: number;
  /** null without a result. */
  found: number | null;
  /** The first number of both runs that is not the same to the last bit; null for none. */
  parting: Parting | null;
  /** Both were made alike, so that every bit has to be the same. */
  mustEqual: boolean;
}

/** Accuracies after an epoch that are not the same. */
interface Parting {
  epoch: number;
  expected: number | null;
  found: number | null;
}

/** How far the numbers of one graph agree with those expected. */
export interface GraphAgreement {
  variant: string;
  /** Pairs with a result. */
  seeds: number;
  /** Mean of found minus expected; 0 without a result. */
  difference: number;
  /** null below two seeds. */
  test: TTest | null;
  /** The test that the difference lies within the margin; null without a spread. */
  equivalence: Equivalence | null;
  /** True differences that so many seeds find in 80 % of cases; null without a spread. */
  detectable: number | null;
  verdict: 'same' | 'equivalent' | 'different' | 'undecided';
}

/** How far numbers agree with those that were expected. */
export interface Agreement {
  /**
   * `identical`: every number to the last bit. `equivalent`: every graph's mean is shown to lie
   * within the margin. `different`: a number that must be equal is not, or a graph or a seed
   * differs. `undecided`: so few seeds tell neither. `incomplete`: a run has no result.
   */
  kind: 'identical' | 'equivalent' | 'different' | 'undecided' | 'incomplete';
  /** Largest difference of means that counts as agreement, a fraction of 1. */
  margin: number;
  graphs: GraphAgreement[];
  /** The first pair that had to be equal and is not. */
  broken: Pair | null;
  /** Pairs that lie further apart than seeds do. */
  strays: Pair[];
}

const LEVEL = 0.05;
/**
 * Difference beyond which runs differ where nothing tells the spread over seeds: three standard
 * deviations of a difference, for a spread of four points, which no published training reaches.
 */
const OBVIOUS = 3 * Math.SQRT2 * 0.04;

/**
 * Compares numbers with those expected: pairs that must be equal bit by bit, all others seed by
 * seed and by their means. All graphs together agree where each of them does (intersection-union),
 * so only the search for differences is corrected (Holm).
 *
 * @param margin a fraction of 1
 */
export function agreementOf(pairs: readonly Pair[], margin: number): Agreement {
  const strays = straysOf(pairs);
  const graphs = graphsOf(pairs, margin, strays);
  const broken = pairs.find(({ mustEqual, parting }) => mustEqual && parting !== null) ?? null;
  return { kind: kindOf(pairs, graphs, broken), margin, graphs, broken, strays };
}

function kindOf(
  pairs: readonly Pair[],
  graphs: readonly GraphAgreement[],
  broken: Pair | null,
): Agreement['kind'] {
  if (broken || graphs.some(({ verdict }) => verdict === 'different')) return 'different';
  if (pairs.length === 0 || pairs.some(({ found }) => found === null)) return 'incomplete';
  if (graphs.every(({ verdict }) => verdict === 'same')) return 'identical';
  return graphs.some(({ verdict }) => verdict === 'undecided') ? 'undecided' : 'equivalent';
}

function graphsOf(
  pairs: readonly Pair[],
  margin: number,
  strays: readonly Pair[],
): GraphAgreement[] {
  const groups = [...Map.groupBy(pairs, ({ variant }) => variant)].map(([variant, own]) => {
    const known = own.filter(({ found }) => found !== null);
    const differences = known.map(({ expected, found }) => found! - expected);
    const test = pairedTest(
      known.map(({ found }) => found!),
      known.map(({ expected }) => expected),
    );
    return {
      ...{ variant, own, test, seeds: known.length },
      difference: known.length > 0 ? mean(differences) : 0,
      equivalence: test && equivalenceOf(test, margin),
      isSame: own.every(({ found, parting }) => found !== null && parting === null),
    };
  });
  const tested = groups.filter(({ test }) => test !== null && test.t !== null);
  const adjusted = holm(tested.map(({ test }) => test!.p));
  return groups.map(({ own, isSame, ...group }) => {
    const p = adjusted[tested.findIndex(({ variant }) => variant === group.variant)] ?? null;
    const stray = own.some((pair) => strays.includes(pair));
    const verdict = isSame ? 'same' : verdictOf(group, p, stray);
    return { ...group, detectable: detectableOf(group.test, group.seeds, groups.length), verdict };
  });
}

function verdictOf(
  { test, difference, equivalence }: Pick<GraphAgreement, 'test' | 'difference' | 'equivalence'>,
  p: number | null,
  hasStray: boolean,
): GraphAgreement['verdict'] {
  if (hasStray) return 'different';
  if (isEquivalent(equivalence)) return 'equivalent';
  if (p !== null) return p < LEVEL ? 'different' : 'undecided';
  // Equal differences tell nothing of their spread: one image more or less is no disagreement.
  return test !== null && Math.abs(difference) > OBVIOUS ? 'different' : 'undecided';
}

/** The strictest step of Holm's correction counts, since any graph may be the only one. */
function detectableOf(test: TTest | null, seeds: number, graphs: number): number | null {
  if (test?.df == null) return null;
  const times = minimalDifference(seeds, 'paired', graphs);
  return times === null ? null : times * test.standardError * Math.sqrt(seeds);
}

/**
 * Returns the pairs that lie further apart than two runs of other seeds would, corrected over all
 * pairs (Holm). The spread over seeds comes from the numbers found: those expected are in question.
 */
function straysOf(pairs: readonly Pair[]): Pair[] {
  const known = pairs.filter(({ found }) => found !== null);
  const groups = [...Map.groupBy(known, ({ variant }) => variant).values()].map((own) =>
    own.map(({ found }) => found!),
  );
  const degrees = groups.reduce((sum, values) => sum + values.length - 1, 0);
  const squares = groups
    .filter((values) => values.length > 1)
    .reduce((sum, values) => sum + (values.length - 1) * sampleDeviation(values) ** 2, 0);
  const apart = known.map(({ expected, found }) => Math.abs(found! - expected));
  if (squares === 0) return known.filter((_, at) => apart[at]! > OBVIOUS);
  const error = Math.sqrt((2 * squares) / degrees);
  const adjusted = holm(apart.map((each) => tTails(each / error, degrees)));
  return known.filter((_, at) => adjusted[at]! < LEVEL);
}
