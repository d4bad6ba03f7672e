import { mainTest } from '../analysis/comparison.ts';
import { pointsText } from '../analysis/verdict.ts';
import { judgedTitle } from '../graph/describe.ts';
import { isTemplateName, templateTitle } from '../graph/templates.ts';
import { toText } from '../graph/text.ts';
import { rankTrials } from '../study/best.ts';
import { machinesText } from '../study/place.ts';
import { isJudgedAlike } from '../study/plan.ts';
import { machinesOfRerun, machinesOfRuns } from '../study/machines-of.ts';
import type { RerunView, StudyView, VariantView } from './api.ts';

/** Trials in the table of a study. */
const TOP = 10;

/**
 * Returns a re-run as a LaTeX table for the package booktabs: mean ± sample standard deviation in
 * percent, the graph's gain with its 95 % interval. Bold: gains whose corrected test is
 * significant, and the graph's mean where it is significantly better than every other row.
 */
export function rerunLatex({ rerun, variants, reference }: RerunView): string {
  const { data, protocol, purpose, epochs } = rerun.training;
  const rows = variants.map((variant) => [
    rowTitle(variant.name),
    meanCell(variant, variant.name === 'graph' && isBest(variants)),
    ...gainCells(variant),
    String(variant.values.length),
  ]);
  const paper = reference.map(({ title, mean, standardDeviation }) => [
    `${escaped(title)} (published)`,
    number(mean, standardDeviation),
    ...['', '', ''],
  ]);
  const images = purpose === 'final' ? 'test images' : 'images of the search';
  const judged = judgedTitle(...variants.map(({ graph }) => graph));
  return latexTable({
    columns: 'lrrrr',
    head: ['Graph', 'Accuracy (\\%)', 'Gain', '95 \\% interval', 'Seeds'],
    parts: [rows, paper],
    caption:
      `${escaped(rerun.name)}: accuracy of ${judged} on ${escaped(data)} after ${epochs} epochs ` +
      `(protocol ${protocol}, ${images}), mean $\\pm$ sample standard deviation over seeds. ` +
      'Gain: this graph minus the row in percentage points, paired by seed where seeds are shared. ' +
      'Bold: significant at 5 \\% after Holm correction.' +
      trainedOn(machinesOfRerun(variants)),
  });
}

/**
 * Returns the best trials of a study as a LaTeX table for the package booktabs, beside the newest
 * re-run of each. One training tests nothing, so nothing is bold.
 */
export function studyLatex({ study, trials, reruns }: StudyView): string {
  const { data, protocol, epochs } = study.plan.training;
  const newest = (trial: number): RerunView | undefined =>
    reruns.findLast(({ rerun }) => rerun.trial === trial);
  const shown = rankTrials(trials).slice(0, TOP);
  const isOther = shown.some(({ number: trial }) => {
    const again = newest(trial);
    return again && !isJudgedAlike(study.plan.training, again.rerun.training);
  });
  const rows = shown.map((row) => {
    const again = newest(row.number)?.variants[0];
    return [
      String(row.number),
      `\\texttt{${escaped(toText(row.graph))}}`,
      `${row.epoch}`,
      percent(row.accuracy!),
      again ? meanCell(again, false) : '',
    ];
  });
  return latexTable({
    columns: 'rlrrr',
    head: ['Trial', 'Graph', 'Epochs', 'Accuracy (\\%)', 'Re-run (\\%)'],
    parts: [rows.length > 0 ? rows : [['\\multicolumn{5}{c}{No trial has a result}']]],
    caption:
      `${escaped(study.name)}: best trials on ${escaped(data)}, ${epochs} epochs, protocol ` +
      `${protocol}. Accuracy: one training each, chosen as the best of ${trials.length}. Re-run: ` +
      'mean $\\pm$ sample standard deviation over new seeds.' +
      (isOther ? OTHER_IMAGES : '') +
      trainedOn(machinesOfRuns(trials)),
  });
}

const OTHER_IMAGES =
  ' Re-runs may learn from other images and be judged by others than the trials, so the two columns ' +
  'cannot be compared.';

/** A sentence for results of other machines; '' without any. */
const trainedOn = (machines: readonly string[]): string =>
  machines.length === 0 ? '' : ` Trained on ${escaped(machinesText(machines))}.`;

function rowTitle(name: VariantView['name']): string {
  if (name === 'graph') return 'This graph';
  return isTemplateName(name) ? templateTitle(name) : escaped(name);
}

/** True when the graph is significantly better than every baseline that is another graph. */
function isBest(variants: readonly VariantView[]): boolean {
  const compared = variants.flatMap(({ comparison }) => comparison ?? []);
  return (
    compared.length > 0 &&
    compared.every((each) => each.significant && mainTest(each)!.difference > 0)
  );
}

function meanCell({ mean, standardDeviation }: VariantView, isBold: boolean): string {
  if (mean === null) return '--';
  const text = number(mean, standardDeviation);
  return isBold ? text.replace(/^\$(.*)\$$/, '$\\mathbf{$1}$') : text;
}

function gainCells({ comparison }: VariantView): [gain: string, interval: string] {
  const test = comparison && mainTest(comparison);
  if (!test) return ['', ''];
  const gain = pointsText(test.difference, '-');
  const interval = `$[${pointsText(test.low, '-')}, ${pointsText(test.high, '-')}]$`;
  return [comparison.significant ? `$\\mathbf{${gain}}$` : `$${gain}$`, interval];
}

const percent = (fraction: number): string => (100 * fraction).toFixed(2);

const number = (mean: number, deviation: number | null): string =>
  deviation === null ? `$${percent(mean)}$` : `$${percent(mean)} \\pm ${percent(deviation)}$`;

interface LatexTable {
  columns: string;
  head: readonly string[];
  /** Groups of rows with a rule between them. */
  parts: readonly (readonly (readonly string[])[])[];
  caption: string;
}

function latexTable({ columns, head, parts, caption }: LatexTable): string {
  const line = (cells: readonly string[]): string => `  ${cells.join(' & ')} \\\\`;
  const bodies = parts.filter((rows) => rows.length > 0).map((rows) => rows.map(line).join('\n'));
  return [
    '% Needs \\usepackage{booktabs}.',
    '\\begin{table}',
    '  \\centering',
    `  \\caption{${caption}}`,
    `  \\begin{tabular}{${columns}}`,
    '  \\toprule',
    line(head),
    '  \\midrule',
    bodies.join('\n  \\midrule\n'),
    '  \\bottomrule',
    '  \\end{tabular}',
    '\\end{table}',
    '',
  ].join('\n');
}

const SPECIAL: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
};

/** Escapes the characters that LaTeX reads as commands; line breaks become spaces. */
const escaped = (text: string): string =>
  text
    .replace(/[\r\n]+/g, ' ')
    .replace(/[\\~^]|[&%$#_{}]/g, (letter) => SPECIAL[letter] ?? `\\${letter}`);
