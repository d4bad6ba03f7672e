/**
 * Pictures from fixed data: Figure 2 for one to seven nodes, and the charts. Kept in
 * test/renderer/pictures; see test/e2e/keep-pictures.ts.
 */
import { join } from 'node:path';
import { type GateName, gateNames, paperGates } from '../../core/gates/gates.ts';
import { stream } from '../../core/base/random.ts';
import { LABEL, type Graph } from '../../core/graph/graph.ts';
import { parseGraph } from '../../core/graph/parse.ts';
import { fromText } from '../../core/graph/text.ts';
import type { Attempt, TrialRow } from '../../core/lab/api.ts';
import { drawCurves } from '../../renderer/charts/curves.ts';
import { drawForest, forestHeight } from '../../renderer/charts/forest.ts';
import { drawGates, gateShares, gatesHeight, gatesLegend } from '../../renderer/charts/gates.ts';
import { drawHistory, history } from '../../renderer/charts/history.ts';
import { pictureSvg } from '../../renderer/charts/picture.ts';
import { drawSeeds } from '../../renderer/charts/seeds.ts';
import { light } from '../../renderer/ui/colors.ts';
import { drawTimeline } from '../../renderer/charts/timeline.ts';
import { columnEpochs } from '../../renderer/charts/tournament-columns.ts';
import { drawTournament } from '../../renderer/charts/tournament.ts';
import { figure } from '../../renderer/features/graph/figure.ts';
import { figureSvg } from '../../renderer/features/graph/svg.ts';
import { curve, decision, trial } from './rows.ts';

export const picturesFolder = join(import.meta.dirname, 'pictures');
const SIZE = { width: 560, height: 300 };
const MODELS = ['resnet32', 'resnet110', 'wrn-28-2'];

/** Kinds, weights and temperatures beside plain edges, and an ensemble that teaches. */
const KINDS =
  'resnet32=TT.r@4XC,resnet32=TT.a_1000TX,wrn-28-2=TXT_0.5X,ensemble=logits.objective:1+3';

/** A graph of some gates; its second node is pretrained from three nodes on. */
function graphOf(size: number, gates: readonly GateName[] = paperGates): Graph {
  const random = stream('picture', size);
  const numbers = Array.from({ length: size }, (_, i) => i + 1);
  const edges = numbers.flatMap((destination) =>
    [LABEL, ...numbers]
      .filter((source) => source !== destination)
      .map((source) => ({
        source,
        destination,
        gate: size > 2 && destination === 2 ? 'cutoff' : gates[random.below(gates.length)]!,
      })),
  );
  const nodes = numbers.map((node) => ({ model: MODELS[(node - 1) % MODELS.length]! }));
  return parseGraph({ format: 'ktg-graph', version: 1, nodes, edges });
}

/** Eight trials of two nodes over eight epochs: completed, stopped, failed and running ones. */
function someTrials(): { rows: TrialRow[]; curves: Map<number, ReturnType<typeof curve>> } {
  const ends: [TrialRow['state'], number][] = [
    ['completed', 8],
    ['stopped', 1],
    ['stopped', 2],
    ['completed', 8],
    ['failed', 3],
    ['stopped', 4],
    ['completed', 8],
    ['running', 5],
  ];
  const graphs = [
    'resnet32=TT,resnet110=TC',
    'resnet32=TL,resnet110=XX',
    'resnet32=CX,resnet110=TL',
  ];
  const random = stream('picture of trials');
  const curves = new Map<number, ReturnType<typeof curve>>();
  const rows = ends.map(([state, epoch], i) => {
    const best = 0.4 + 0.4 * random.uniform();
    const values = Array.from({ length: epoch }, (_, e) => best * (1 - Math.exp(-(e + 1) / 3)));
    curves.set(i + 1, curve(i + 1, values, values));
    const endedAt = state === 'running' ? null : (i + 1) * 1000 + 100 * epoch;
    return trial(
      i + 1,
      { state, epoch, accuracy: values.at(-1)!, endedAt },
      graphs[i % graphs.length],
    );
  });
  return { rows, curves };
}

/** Name and SVG text of each. */
export function pictures(): Map<string, string> {
  const drawn = new Map<string, string>();
  for (let size = 1; size <= 7; size++) {
    const accuracies = Array.from({ length: size }, (_, i) => 0.7071 + i / 100);
    drawn.set(`figure-${size}`, figureSvg(figure(graphOf(size), accuracies)));
  }
  drawn.set('figure-4-all-gates', figureSvg(figure(graphOf(4, gateNames))));
  drawn.set('figure-4-kinds', figureSvg(figure(fromText(KINDS), [], { votes: true })));
  drawn.set(
    'figure-3-all-edges',
    figureSvg(figure(graphOf(3), [], { cutoff: true }), { theme: 'dark' }),
  );

  const { rows, curves } = someTrials();
  const bars = new Map([
    [1, 0.15],
    [2, 0.3],
    [4, 0.45],
  ]);
  const chart = (name: string, marks: Parameters<typeof pictureSvg>[0], size = SIZE): unknown =>
    drawn.set(name, pictureSvg(marks, size, name));
  chart('history', drawHistory(history(rows), SIZE, light).marks);
  const input = {
    rows,
    curves,
    node: 1,
    epochs: 8,
    rungs: [1, 2, 4],
    bars,
    faint: () => false,
    best: 7,
  };
  chart('curves', drawCurves(input, SIZE, light).marks);
  const matrix = { width: 420, height: gatesHeight(2) };
  const cells = gateShares(rows, 2);
  drawn.set(
    'gates',
    pictureSvg(drawGates(cells, 2, matrix, light), matrix, 'gates', gatesLegend(cells, light)),
  );
  const attempts = rows.map(({ run, startedAt, endedAt }): Attempt => ({
    run,
    number: 1,
    slot: `cpu:${run % 2}`,
    environment: null,
    startedAt: startedAt!,
    endedAt,
    fromEpoch: 0,
    outcome: endedAt === null ? null : 'completed',
  }));
  chart(
    'timeline',
    drawTimeline(attempts, new Map(rows.map((row) => [row.run, row])), 9500, SIZE, light).marks,
  );
  const variant = (name: 'graph' | 'dml', mean: number, first: number) => ({
    name,
    graph: rows[0]!.graph,
    runs: [-0.01, 0, 0.02].map((by, i) => trial(first + i, { accuracy: mean + by, seed: i })),
    values: [-0.01, 0, 0.02].map((by, seed) => ({ seed, accuracy: mean + by })),
    mean,
    standardDeviation: 0.0153,
    difference: null,
    comparison: null,
  });
  const paper = {
    table: 1 as const,
    title: 'DML',
    nodes: 2,
    method: 'dml' as const,
    mean: 0.71,
    standardDeviation: 0.002,
    comparison: null,
  };
  chart(
    'seeds',
    drawSeeds([variant('graph', 0.72, 1), variant('dml', 0.7, 4)], [paper], SIZE, light).marks,
  );
  const decisions = rows.flatMap(({ run, epoch }) =>
    [1, 2, 4]
      .filter((rung) => rung <= epoch)
      .map((rung) => ({
        run,
        ...decision({ rung, value: 0.1 * rung, go: rung < epoch, n: 8, rank: 1, limit: 4 }),
      })),
  );
  const columns = { epochs: columnEpochs([1, 2, 4], 8), axis: 'rung' as const, decisions };
  chart('tournament', drawTournament({ ...input, ...columns }, SIZE, light).marks);
  const forest = [-0.01, 0.012, 0.03].map((difference, i) => ({
    title: `${i} → 1 Cutoff`,
    ...{ difference, interval: { low: difference - 0.012, high: difference + 0.015 } },
    ...{ significant: i === 2, text: difference.toFixed(3) },
  }));
  const tall = { width: SIZE.width, height: forestHeight(forest.length) };
  chart('forest', drawForest(forest, tall, light), tall);
  return drawn;
}
