import type { Agreement, GraphAgreement, Pair } from '../analysis/agreement.ts';
import { intervalText, pointsText } from '../analysis/verdict.ts';
import type { Environment } from '../lab/api.ts';
import type { Circumstance, Compared } from '../study/bundle-compare.ts';
import { repeatsBits } from '../study/likeness.ts';
import { counted } from './report.ts';
import { percent, table } from './words.ts';

/** Terminals may lack the minus sign. */
const MINUS = '-';

/** Returns the numbers of a bundle beside those found, seed by seed and as means. */
export function numberLines(pairs: readonly Compared[], { graphs }: Agreement): string[] {
  const rows = pairs.map(({ variant, seed, expected, found, parting }) => [
    ...[variant, String(seed), percent(expected, 2), percent(found, 2)],
    found === null ? '-' : pointsText(found - expected, MINUS),
    found === null
      ? 'no result'
      : parting === null
        ? 'the same'
        : `differs from epoch ${parting.epoch}`,
  ]);
  const means = graphs.flatMap(({ variant, seeds }) => {
    const own = pairs.filter((pair) => pair.variant === variant && pair.found !== null);
    if (own.length < 2) return [];
    const [expected, found] = [
      own.reduce((sum, pair) => sum + pair.expected, 0) / seeds,
      own.reduce((sum, pair) => sum + pair.found!, 0) / seeds,
    ];
    return [
      [
        variant,
        'mean',
        percent(expected, 2),
        percent(found, 2),
        pointsText(found - expected, MINUS),
        '',
      ],
    ];
  });
  return table([['graph', 'seed', 'expected', 'found', 'points', 'bits'], ...rows, ...means]);
}

/** Returns what is not the same in bundle and re-run, and what is not known, one line each. */
export function circumstanceLines(
  pairs: readonly Compared[],
  before: readonly Environment[],
  now: readonly Environment[],
): string[] {
  const differ = [...new Set(pairs.flatMap((pair) => pair.differ))];
  const unknown = [...new Set(pairs.flatMap((pair) => pair.unknown))];
  return [
    ...differ.map((field) => differenceLine(field, before, now)),
    ...(unknown.length > 0
      ? [`Not known to be the same, because a record does not tell: ${unknown.join(', ')}.`]
      : []),
    ...(now.every(repeatsBits) ? [] : ['Cards repeat their bits only with --deterministic.']),
  ];
}

function differenceLine(
  field: Circumstance,
  before: readonly Environment[],
  now: readonly Environment[],
): string {
  if (field === 'teachers') return 'teachers: other weights in the bundle than here';
  if (field === 'environment') return 'environment: not known';
  const of = (all: readonly Environment[]): string =>
    [...new Set(all.map((each) => each[field] ?? 'none'))].join(', ');
  return `${field}: ${of(before)} in the bundle, ${of(now)} here`;
}

/** Returns the verdict with its reasons, line by line. */
export function verdictLines(agreement: Agreement, pairs: readonly Compared[]): string[] {
  const { kind, broken, strays, graphs, margin } = agreement;
  if (kind === 'identical') return ['The numbers agree: all are the same to the last bit.'];
  if (broken) return [brokenLine(broken), 'The numbers do not agree.'];
  const lines = [
    ...(pairs.some(({ mustEqual }) => mustEqual)
      ? []
      : [
          'Equal bits cannot be expected here, so the numbers are compared as those of other runs.',
        ]),
    ...graphs.map((graph) => graphLine(graph, margin)),
    ...strays.map(
      (pair) =>
        `${pair.variant}, seed ${pair.seed}: ${percent(pair.expected, 2)} in the bundle and ` +
        `${percent(pair.found, 2)} here lie further apart than seeds do.`,
    ),
  ];
  return [...lines, VERDICTS[kind](inPoints(margin))];
}

const VERDICTS: Record<Exclude<Agreement['kind'], 'identical'>, (points: string) => string> = {
  equivalent: (points) =>
    `The numbers agree: the mean of every graph is the same within ${points} points (equivalence ` +
    'test at 5 %).',
  different: () => 'The numbers do not agree.',
  undecided: (points) =>
    `It cannot be told whether the numbers agree within ${points} points: so few seeds show ` +
    'neither a difference nor that there is none. A bundle with more seeds tells more.',
  incomplete: () => 'A run has no result, so it cannot be told whether the numbers agree.',
};

/** Names the epoch too where the last accuracies are the same. */
function brokenLine({ variant, seed, expected, found, parting }: Pair): string {
  const place = `${variant}, seed ${seed}`;
  const why = 'Data, engine and everything else that bits depend on are the same.';
  if (found !== expected)
    return `${place}: ${exact(expected)} in the bundle, ${exact(found)} here. ${why}`;
  return (
    `${place}, epoch ${parting!.epoch}: ${exact(parting!.expected)} in the bundle, ` +
    `${exact(parting!.found)} here. ${why}`
  );
}

/** Returns as many decimals as tell two accuracies of a million images apart. */
const exact = (fraction: number | null): string =>
  fraction === null ? 'no number' : percent(fraction, 4);

function graphLine(graph: GraphAgreement, margin: number): string {
  const { variant, difference, seeds, test, equivalence, detectable, verdict } = graph;
  if (verdict === 'same') return `${variant}: the same to the last bit`;
  const over = `found minus expected ${pointsText(difference, MINUS)} points over ${counted(seeds, 'seed')}`;
  const interval = test?.df == null ? '' : `, 95 % interval ${intervalText(test, MINUS)}`;
  const within = equivalence
    ? `; within ${inPoints(margin)} points: p ${equivalence.p.toPrecision(2)}`
    : '';
  const power =
    detectable === null
      ? '; so few seeds tell nothing of their spread, so no difference could be shown'
      : `; a true difference of ${(100 * detectable).toFixed(2)} points would be found in 80 % of cases`;
  return `${variant}: ${over}${interval}${within}${power}`;
}

/** Returns a margin such as 0.01 as `1`. */
const inPoints = (margin: number): string => String(Number((100 * margin).toFixed(2)));
