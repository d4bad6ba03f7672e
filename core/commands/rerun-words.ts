import { mainTest } from '../analysis/comparison.ts';
import {
  intervalText,
  neededText,
  pointsText,
  powerText,
  verdictText,
} from '../analysis/verdict.ts';
import { type WinnersCurse, winnersCurseText } from '../analysis/winners-curse.ts';
import { type SkippedAblation, skippedText } from '../graph/ablate.ts';
import type {
  GraphComparison,
  ReferenceRow,
  RerunPreview,
  RerunView,
  VariantView,
} from '../lab/api.ts';
import { machinesOfRerun } from '../study/machines-of.ts';
import { machinesText, placeText } from '../study/place.ts';
import { computationText } from './computation.ts';
import { counted, span } from './report.ts';
import { percent, rerunTitle, table } from './words.ts';

/** Terminals may lack the minus sign. */
const MINUS = '-';

/**
 * Returns the table of a re-run: each variant with mean, deviation and values, then its comparison
 * with the graph, then the paper's rows.
 */
export function rerunLines(view: RerunView): string[] {
  const { rerun, variants, reference } = view;
  const { data, protocol, purpose, epochs, place } = rerun.training;
  const machines = machinesOfRerun(variants);
  const rows = variants.map(({ name, values, mean, standardDeviation }) => [
    name,
    meanText(mean, standardDeviation),
    values.map(({ accuracy }) => (accuracy * 100).toFixed(2)).join(' '),
  ]);
  const compared = variants.flatMap(({ name, comparison }) =>
    comparison && mainTest(comparison) ? [[name, ...comparisonCells(comparison)]] : [],
  );
  const images = purpose === 'final' ? 'judged by the test images' : 'judged as the search was';
  return [
    rerunTitle(view),
    `${data}, ${counted(epochs, 'epoch')}, protocol ${protocol}, ${images}${computationText(rerun.training)}`,
    ...(place ? [`Only on ${placeText(place)}`] : []),
    ...(machines.length > 0 ? [`Trained on ${machinesText(machines)}`] : []),
    '',
    ...table([['variant', 'mean +- std', 'values (%)'], ...rows]),
    ...(compared.length > 0 ? ['', ...table([COMPARISON_HEAD, ...compared])] : []),
    ...(compared.length > 0 && rerun.ablation
      ? ['Positive points: the graph loses accuracy by this change.']
      : []),
    ...(rerun.ablation?.skipped ?? []).map(skippedLine),
    ...(reference.length > 0 ? [''] : []),
    ...reference.map(referenceLine),
  ];
}

const meanText = (mean: number | null, deviation: number | null): string =>
  mean === null
    ? '-'
    : `${percent(mean, 2)}${deviation === null ? '' : ` +- ${percent(deviation, 2)}`}`;

const COMPARISON_HEAD = [
  'graph minus',
  'points',
  '95 % interval, equal seeds',
  '95 % interval (Welch)',
  'p, Holm',
  'verdict',
];

function comparisonCells(comparison: GraphComparison): string[] {
  const { paired, welch, adjusted, significant } = comparison;
  const { difference } = mainTest(comparison)!;
  const needed = significant ? '' : neededText(comparison);
  const side = significant ? `the graph is ${difference > 0 ? 'better' : 'worse'}, ` : '';
  return [
    pointsText(difference, MINUS),
    paired ? intervalText(paired, MINUS) : '-',
    welch ? intervalText(welch, MINUS) : '-',
    adjusted!.toPrecision(2),
    `${side}${verdictText(comparison)}${needed === '' ? '' : `; ${needed}`}`,
  ];
}

/** Returns a row of the paper, with the paper's own claim under the same test. */
function referenceLine({ title, mean, standardDeviation, comparison }: ReferenceRow): string {
  const row = `paper: ${title}: ${percent(mean, 2)} +- ${percent(standardDeviation, 2)}`;
  if (!comparison?.welch) return row;
  const { welch } = comparison;
  return (
    `${row}; the paper's searched graph: ${pointsText(welch.difference, MINUS)}, ` +
    `${intervalText(welch, MINUS)}, ${verdictText(comparison)}`
  );
}

/** Returns `better than independent, kd` with the significant ones; `-` without any. */
export function betterThan(variants: readonly VariantView[]): string {
  const names = variants.flatMap(({ name, comparison }) =>
    comparison?.significant && mainTest(comparison)!.difference > 0 ? [name] : [],
  );
  return names.length > 0 ? `better than ${names.join(', ')}` : '-';
}

/** Returns what a re-run can show and costs, before it starts. */
export function previewLines(seeds: number, preview: RerunPreview): string[] {
  const { runs, spreadRuns, detectable, expectedTime } = preview;
  const origin =
    spreadRuns > 0
      ? `The spread is that of ${spreadRuns} runs of this kind in this lab.`
      : 'This lab has no runs of this kind yet, so the spread is a usual one.';
  return [
    `${counted(runs, 'run')}${expectedTime === null ? '' : `, about ${span(expectedTime)}`}.`,
    `${powerText(seeds, preview)}${detectable === null ? '' : ` ${origin}`}`,
  ];
}

/** Returns how far the best trial of a study overestimates itself. */
export const curseLine = (curse: WinnersCurse): string =>
  `Best ${percent(curse.best, 2)} (trial ${curse.trial}): ${winnersCurseText(curse)} ` +
  `(${percent(curse.mean, 2)} over ${counted(curse.seeds, 'seed')}).`;

/** Returns `Skipped: cutoff 0-1: the target would be frozen`. */
export const skippedLine = (skipped: SkippedAblation): string =>
  `Skipped: ${skipped.name}: ${skippedText(skipped, (name) => name)}`;
