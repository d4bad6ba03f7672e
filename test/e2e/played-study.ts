/**
 * Finished studies of any size without training: graphs are drawn and judged as in a search,
 * accuracies follow a formula.
 */
import { stream } from '../../core/base/random.ts';
import { graphKey } from '../../core/graph/canonical.ts';
import { LABEL, nodeNumbers, type Graph } from '../../core/graph/graph.ts';
import { paperSpace, sample } from '../../core/graph/space.ts';
import type { SearchSpace } from '../../core/graph/space.ts';
import { judgeOf } from '../../core/search/judge.ts';
import { receive } from '../../core/search/report.ts';
import { environment } from '../search/scripted-runner.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import type { Store } from '../../core/store/store.ts';
import { type EpochMetrics, unmeasuredEdge, unmeasuredNode } from '../../core/study/metrics.ts';
import { paperRule, type StudyPlan } from '../../core/study/plan.ts';
import { recipeFor } from '../../core/study/recipe.ts';

const MODELS = ['resnet8', 'resnet14'];
const START = Date.UTC(2026, 2, 3, 8);

export interface Played {
  trials: number;
  epochs: number;
  name?: string;
  /**
   * `nan`: no accuracy is a number; `constant`: all are the same; `failed`: every trial ends before its first epoch; `halfway`:
   * the lab was killed while the last trial ran, and the study is paused.
   */
  ends?: 'well' | 'nan' | 'constant' | 'failed' | 'halfway';
  /** Default: three small networks, each gate of the paper on each edge. */
  space?: SearchSpace;
}

/** Writes a study of three nodes that has ended to a lab file that nobody holds. */
export function addPlayedStudy(labFile: string, study: Played): void {
  const store = openLabFile(labFile);
  try {
    playStudy(store, study);
  } finally {
    store.close();
  }
}

/** Adds a study of three nodes that has ended to a store that no lab has opened yet. */
export function playStudy(
  store: Store,
  { trials, epochs, name = 'Played', ends = 'well', space = usualSpace }: Played,
): void {
  const plan = planOf(trials, epochs, space);
  store.transaction(() => {
    const { id: study } = store.addStudy({ name, plan, priority: 0, notes: '', createdAt: START });
    store.changeStudy(study, { state: 'running', startedAt: START });
    const judge = judgeOf(store, study, plan);
    for (let number = 0; number < trials; number++) {
      const startedAt = START + number * 60_000;
      const graph = sample(plan.space, stream('played', number)).graph;
      const trial = { ...startTrial(store, study, plan, graph, number, startedAt), startedAt };
      if (ends === 'failed') failTrial(store, trial);
      else
        playTrial(store, judge, trial, {
          metricsAt: (epoch) => {
            const metrics = played(graph, number, epoch, epochs);
            if (ends === 'nan') for (const node of metrics.nodes) node.accuracy = node.loss = NaN;
            if (ends === 'constant') for (const node of metrics.nodes) node.accuracy = 0.1;
            return metrics;
          },
          epochs,
          until: ends === 'halfway' && number === trials - 1 ? 1 : epochs,
        });
    }
    if (ends === 'halfway') store.changeStudy(study, { state: 'paused' });
    else store.changeStudy(study, { state: 'completed', endedAt: START + trials * 60_000 });
  });
}

const usualSpace: SearchSpace = { ...paperSpace(3, 'resnet8', MODELS), frozen: false };

const planOf = (trials: number, epochs: number, space: SearchSpace): StudyPlan => ({
  seed: 1,
  trials,
  space,
  rule: paperRule,
  sampler: 'random',
  training: {
    data: 'synthetic',
    protocol: 'held-out',
    purpose: 'search',
    splitSeed: 0,
    epochs,
    recipe: recipeFor(epochs),
  },
  rejected: 'resample',
  duplicates: 'train',
  retries: 2,
});

/** A run with its first attempt. */
interface Started {
  readonly run: number;
  readonly attempt: number;
}

function startTrial(
  store: Store,
  study: number,
  plan: StudyPlan,
  graph: Graph,
  number: number,
  startedAt: number,
): Started {
  const { id: run } = store.addRun({
    kind: 'trial',
    study,
    rerun: null,
    number,
    variant: '',
    graph,
    key: graphKey(graph),
    seed: number,
    training: plan.training,
    createdAt: START,
  });
  store.changeRun(run, { state: 'running', startedAt });
  const attempt = store.addAttempt(run, `played:${number % 4}`, startedAt);
  return { run, attempt: attempt.number };
}

type Trial = Started & { readonly startedAt: number };

function failTrial(store: Store, { run, attempt, startedAt }: Trial): void {
  const endedAt = startedAt + 1000;
  store.changeRun(run, {
    state: 'failed',
    endedAt,
    failure: {
      kind: 'crash',
      code: 'worker.ended',
      message: 'It fell over.',
      next: 'Try again.',
      epoch: 0,
    },
  });
  store.changeAttempt(run, attempt, { endedAt, outcome: 'crash' });
}

/** Reports the epochs up to `until`, or up to the one at which the rule stops the trial. */
function playTrial(
  store: Store,
  judge: ReturnType<typeof judgeOf>,
  { run, attempt, startedAt }: Trial,
  {
    metricsAt,
    epochs,
    until,
  }: { metricsAt: (epoch: number) => EpochMetrics; epochs: number; until: number },
): void {
  for (let epoch = 1; epoch <= until; epoch++) {
    const at = startedAt + epoch * 30_000;
    const reporter = { run, attempt, environment };
    if (!receive(store, judge, reporter, metricsAt(epoch), at).go) return;
    if (epoch < epochs) continue;
    store.changeRun(run, { state: 'completed', endedAt: at });
    store.changeAttempt(run, attempt, { endedAt: at, outcome: 'completed' });
  }
}

function played(graph: Graph, number: number, epoch: number, epochs: number): EpochMetrics {
  const accuracies = nodeNumbers(graph).map((node) => accuracy(graph, node, epoch, number));
  return {
    epoch,
    seconds: 30,
    nodes: accuracies.map((each) => ({
      ...unmeasuredNode,
      accuracy: each,
      loss: 3 * (1 - each),
      trainAccuracy: Math.min(1, each * 1.1),
      trainLoss: 2.5 * (1 - each),
    })),
    edges: graph.edges.map(({ gate }) =>
      gate === 'cutoff'
        ? null
        : {
            ...unmeasuredEdge,
            rawLoss: 1 / epoch,
            gatedLoss: 0.5 / epoch,
            weight: gate === 'linear' ? epoch / epochs : 1,
            bothRight: 300,
            onlySourceRight: 100,
            onlyDestinationRight: 80,
            bothWrong: 20,
          },
    ),
  };
}

/** Rises to what the node's teachers make of it, with the noise of its trial. */
function accuracy(graph: Graph, node: number, epoch: number, number: number): number {
  const open = graph.edges.filter(
    ({ destination, gate }) => destination === node && gate !== 'cutoff',
  );
  const teachers = open.filter(({ source }) => source !== LABEL).length;
  const label = open.length > teachers ? 0.2 : 0;
  const end = 0.4 + label + 0.03 * teachers + 0.04 * stream('played noise', number, node).normal();
  return Math.min(0.95, Math.max(0.01, end * (1 - Math.exp(-epoch / 6))));
}
