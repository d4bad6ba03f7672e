/**
 * A study as one HTML page that opens anywhere, without a lab and without a network: figures are
 * SVG inside it, nothing runs, nothing is loaded. All text is escaped: names may come from
 * strangers.
 */
import { describeGraph, judgedTitle } from '../../../core/graph/describe.ts';
import { goalOf } from '../../../core/graph/graph.ts';
import { toText } from '../../../core/graph/text.ts';
import type {
  RerunView,
  WireDecision,
  StudyCard,
  TrialRow,
  WireCurve,
} from '../../../core/lab/api.ts';
import { machinesOfRerun } from '../../../core/study/machines-of.ts';
import { machinesText } from '../../../core/study/place.ts';
import { compareTrials } from '../../../core/study/best.ts';
import { barsOf, drawCurves } from '../../charts/curves.ts';
import { drawGates, gateShares, gatesHeight, gatesLegend, topTrials } from '../../charts/gates.ts';
import { drawHistory, history } from '../../charts/history.ts';
import type { Mark } from '../../charts/marks.ts';
import { pictureSvg, type LegendEntry } from '../../charts/picture.ts';
import { curvesLegend, historyLegend } from '../../charts/legend.ts';
import { drawSeeds } from '../../charts/seeds.ts';
import { comparisonText, meanText, referenceClaim, variantTitle } from '../../words/rerun.ts';
import { light } from '../../ui/colors.ts';
import { figure } from '../graph/figure.ts';
import { figureSvg } from '../graph/svg.ts';
import { escapeText } from '../../ui/escape-text.ts';
import { graphName } from '../../words/graph.ts';
import { counted, duration, percent } from '../../ui/format.ts';
import { runStates } from '../../words/states.ts';
import { reasonOf } from '../../words/trial-columns.ts';
import { protocolText } from '../../words/protocol.ts';
import { accuracyText, countsText, standingOf } from '../../words/study.ts';

export interface ReportInput {
  readonly card: StudyCard;
  readonly rungs: readonly number[];
  readonly rows: readonly TrialRow[];
  readonly curves: ReadonlyMap<number, WireCurve>;
  readonly decisions: readonly WireDecision[];
  /** Re-runs of the study's graphs. */
  readonly reruns: readonly RerunView[];
  /** Versions, revision, engines and devices that trained, seed, protocol. */
  readonly provenance: Readonly<Record<string, unknown>>;
  /** Milliseconds since 1970. */
  readonly at: number;
}

const STYLE = `
:root { color-scheme: light; }
body {
  background: #fff; color: #15181d; font: 15px/1.5 Helvetica, Arial, sans-serif;
  font-variant-numeric: tabular-nums; margin: 0 auto; max-width: 1080px; padding: 32px 24px 64px;
}
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 19px; margin: 40px 0 8px; } p { margin: 4px 0 10px; }
.quiet { color: #565d68; } figure { margin: 12px 0; } figcaption { color: #565d68; font-size: 13px; }
svg { height: auto; max-width: 100%; } table { border-collapse: collapse; font-size: 13.5px; width: 100%; }
th, td {
  border-top: 1px solid #dfe2e8; overflow-wrap: anywhere; padding: 5px 12px 5px 0;
  text-align: left; vertical-align: top;
}
.short, th { white-space: nowrap; }
.graphs { display: grid; gap: 20px; grid-template-columns: repeat(auto-fill, minmax(290px, 1fr)); }
code { font-size: 12px; overflow-wrap: anywhere; } pre { white-space: pre-wrap; }
@media print { h2 { break-after: avoid; } figure, tr { break-inside: avoid; } }
`;

const WIDE = { width: 1030, height: 360 };

const picture = (
  marks: readonly Mark[],
  title: string,
  legend: readonly LegendEntry[] = [],
): string => pictureSvg(marks, WIDE, title, legend);

const captioned = (svg: string, caption: string): string =>
  `<figure>${svg}<figcaption>${escapeText(caption)}</figcaption></figure>`;

const cellOf = (cell: string): string =>
  `<td${cell.length < 16 ? ' class="short"' : ''}>${escapeText(cell)}</td>`;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  `<table><thead><tr>${head.map((cell) => `<th>${escapeText(cell)}</th>`).join('')}</tr></thead>` +
  `<tbody>${rows.map((row) => `<tr>${row.map(cellOf).join('')}</tr>`).join('\n')}</tbody></table>`;

/** The page as one HTML text. */
export function studyReport(input: ReportInput): string {
  const { study } = input.card;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>${escapeText(study.name)}</title>
<style>${STYLE}</style>
</head>
<body>
${[
  head(input),
  best(input),
  search(input),
  top(input),
  ...input.reruns.map(rerun),
  trials(input),
  origin(input),
]
  .filter(Boolean)
  .join('\n')}
</body>
</html>
`;
}

function head({ card, rows }: ReportInput): string {
  const { study, counts, done } = card;
  const { ended, failed } = countsText(counts);
  const { training } = study.plan;
  const protocol = protocolText[training.protocol];
  const facts = [
    `${training.data}, ${counted(study.plan.space.nodes.length, 'node')}, ` +
      `${counted(training.epochs, 'epoch')}, ${protocol.title}, seed ${study.plan.seed}.`,
    `${done} of ${counted(study.plan.trials, 'trial')}: ` +
      `${[ended, failed].filter(Boolean).join(', ')}; ${standingOf(card).text}.`,
    `${duration(rows.reduce((sum, row) => sum + row.seconds, 0))} of training in all.`,
  ];
  return `<h1>${escapeText(study.name)}</h1>
<p>${escapeText(facts.join(' '))}</p>
<p class="quiet">${escapeText(protocol.about)}</p>
${study.notes ? `<pre>${escapeText(study.notes)}</pre>` : ''}`;
}

function best({ card }: ReportInput): string {
  const row = card.best;
  if (!row) return '<p>No trial has a result yet.</p>';
  const svg = figureSvg(figure(row.graph, row.accuracies, { votes: true }), {
    title: graphName(row.graph),
  });
  return `<h2>Best graph: trial ${row.number}, ${accuracyText(row)}</h2>
${captioned(
  svg,
  'Red: target. Blue: pretrained, frozen. In brackets: accuracy on the evaluation images, %. ' +
    'Cutoff edges are left out.',
)}
<pre>${escapeText(describeGraph(row.graph))}</pre>
<p><code>${escapeText(toText(row.graph))}</code></p>`;
}

function search({ rows, curves, rungs, decisions, card }: ReportInput): string {
  const bars = barsOf(decisions);
  const { epochs } = card.study.plan.training;
  const best = card.best?.run ?? null;
  const node = goalOf(card.study.plan.space);
  const shown = { rows, curves, node, epochs, rungs, bars, faint: () => false, best };
  const counting = judgedTitle(card.study.plan.space);
  const drawn = drawCurves(shown, WIDE, light);
  const ladder = rungs.map((rung) => {
    const here = decisions.filter((decision) => decision.rung === rung);
    const bar = bars.get(rung);
    return [
      String(rung),
      String(here.length),
      String(here.filter((decision) => decision.go).length),
      bar === undefined ? '–' : `≥ ${percent(bar, 1)}`,
    ];
  });
  return `<h2>The search</h2>
${captioned(
  picture(drawHistory(history(rows), WIDE, light).marks, 'Best so far', historyLegend(rows)(light)),
  `Each dot: a trial’s accuracy of ${counting} at its last epoch. Line: the best completed trial ` +
    'so far.',
)}
${captioned(
  picture(drawn.marks, 'Learning curves', curvesLegend(rows)(light)),
  `Accuracy of ${counting} after every epoch. Thick: the best trial. Cross: stopped by the rule. ` +
    'Bar at a rung: accuracy needed to continue, at the end.',
)}
${rungs.length > 0 ? table(['Epoch', 'Evaluated', 'Continued', 'Needed at the end'], ladder) : ''}`;
}

function top({ rows, curves, card }: ReportInput): string {
  const found = topTrials(rows, curves, null, 12);
  if (found.length < 2) return '';
  const size = card.study.plan.space.nodes.length;
  const many = topTrials(rows, curves, null, 20);
  const cells = gateShares(many, size);
  const matrix = { width: 120 + 110 * (size + 1), height: gatesHeight(size) };
  const graphs = found.map((row) =>
    captioned(
      figureSvg(figure(row.graph, row.accuracies, { votes: true }), {
        legend: false,
        title: graphName(row.graph),
        captionScale: size > 4 ? 1.4 : 1,
      }),
      `Trial ${row.number}: ${percent(row.accuracy)}` +
        (row.state === 'completed' ? '' : ` at epoch ${row.epoch}, ${runStates[row.state].title}`),
    ),
  );
  return `<h2>Best ${found.length} graphs</h2><div class="graphs">${graphs.join('\n')}</div>
<h2>Gates among the best ${many.length}</h2>
${captioned(
  pictureSvg(drawGates(cells, size, matrix, light), matrix, 'Gates', gatesLegend(cells, light)),
  'For every edge the share of each gate; below it the most frequent one.',
)}`;
}

function rerun({ rerun: { name, seeds, training }, variants, reference }: RerunView): string {
  const rows = variants.map((variant) => [
    variantTitle(variant.name),
    meanText(variant.mean, variant.standardDeviation) || '–',
    variant.values.map((value) => percent(value.accuracy)).join(', '),
    comparisonText(variant),
  ]);
  const paper = reference.map((row) => [
    `${row.title} (paper, Table ${row.table})`,
    meanText(row.mean, row.standardDeviation),
    '',
    referenceClaim(row),
  ]);
  const machines = machinesText(machinesOfRerun(variants));
  return `<h2>Re-run: ${escapeText(name)}</h2>
<p>${escapeText(
    `${counted(seeds.length, 'seed')}, ${training.data}, ${counted(training.epochs, 'epoch')}, ` +
      (training.purpose === 'final'
        ? 'trained on all training images, judged by the test images.'
        : 'judged by the images of the search.') +
      (machines === '' ? '' : ` Trained on ${machines}.`),
  )}</p>
${captioned(
  picture(drawSeeds(variants, reference, WIDE, light).marks, name),
  'Each dot: one seed. Line and band: mean ± sample standard deviation. Dashed: the paper.',
)}
${table(['Graph', 'Mean ± std, %', 'Seeds', 'Gain of this graph'], [...rows, ...paper])}`;
}

function trials({ rows }: ReportInput): string {
  const sorted = rows.toSorted(compareTrials).slice(0, 50);
  if (sorted.length === 0) return '';
  const title =
    sorted.length < rows.length
      ? `Best ${sorted.length} of ${counted(rows.length, 'trial')}`
      : 'All trials';
  const elsewhere = sorted.some(({ machines }) => machines !== undefined) ? ['Machine'] : [];
  return `<h2>${title}</h2>
${table(
  ['Trial', 'Accuracy', 'Epochs', 'State', 'Why it ended', 'Graph', 'Seed', ...elsewhere],
  sorted.map((row) => [
    String(row.number),
    accuracyText(row),
    `${row.epoch} / ${row.epochs}`,
    runStates[row.state].title,
    reasonOf(row),
    toText(row.graph),
    String(row.seed),
    ...elsewhere.map(() => machinesText(row.machines)),
  ]),
)}`;
}

function origin({ provenance, at }: ReportInput): string {
  return `<h2>Where these numbers come from</h2>
<pre>${escapeText(JSON.stringify(provenance, null, 1))}</pre>
<p class="quiet">Written ${new Date(at).toISOString()}.</p>`;
}
