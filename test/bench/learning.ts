import { parseArgs } from 'node:util';
import { mean } from '../../core/analysis/statistics.ts';
import { openWithProgress } from '../../core/commands/train.ts';
import { textOf, integerOption } from '../../core/commands/values.ts';
import type { Dataset } from '../../core/data/dataset.ts';
import { openEngine } from '../../core/engine/open.ts';
import { fromText } from '../../core/graph/text.ts';
import type { EpochMetrics } from '../../core/study/metrics.ts';
import { targetAccuracy } from '../../core/study/metrics.ts';
import type { TrainingPlan } from '../../core/study/plan.ts';
import { recipeFor } from '../../core/study/recipe.ts';
import { Steps } from '../../core/train/steps.ts';
import { Training } from '../../core/train/training.ts';
import { round } from './measure.ts';

/** A graph of every kind of edge and gate, and its baselines: `M` stands for the network. */
const graphs: Readonly<Record<string, string>> = {
  independent: 'M=TX,M=TX',
  kl: 'M=TT,M=TT',
  repel: 'M=TT.r,M=TT.r',
  attention: 'M=TT.a_1000,M=TT.a_1000',
  'attention-repel': 'M=TT.ar,M=TT.ar',
  'negative-linear': 'M=TN,M=TN',
  'half-cosine': 'M=TS,M=TS',
  'correct-mean': 'M=TM,M=TM',
  'ensemble of independent': 'M=TXX,M=TXX,ensemble=logits.objective',
  'ensemble teaches': 'M=TXT,M=TXT,ensemble=logits.objective',
};

/** Accuracy that counts after the last epoch of one run. */
interface Outcome {
  readonly seed: number;
  readonly accuracy: number;
  readonly seconds: number;
}

/**
 * Does every kind of edge train? Trains a graph of each on a data set from the same seeds, judged by
 * the test images, and prints a line per graph as soon as it is done.
 */
export async function bench(args: string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const options = { data: text, arch: text, epochs: text, seeds: text, batch: text, only: text };
  const { values } = parseArgs({ args, options: { ...options, json: { type: 'boolean' } } });
  const model = textOf(values, 'arch') ?? 'resnet8';
  const seeds = integerOption(values, 'seeds', 2, 1, 100);
  const epochs = integerOption(values, 'epochs', 6, 1, 1000);
  const batch = integerOption(values, 'batch', 64, 1, 65_536);
  const data = textOf(values, 'data') ?? 'synthetic';
  const only = textOf(values, 'only')?.split(',');
  const dataset = await openWithProgress(data);
  const recipe = { ...recipeFor(epochs), batch };
  const plan: TrainingPlan = {
    ...{ data, protocol: 'paper', purpose: 'final', splitSeed: 0, epochs, recipe },
  };
  const engine = await openEngine({ engine: 'tensorflow' });
  const steps = new Steps(engine);
  for (const [name, form] of Object.entries(graphs)) {
    if (only && !only.includes(name)) continue;
    const graph = form.replaceAll('M=', `${model}=`);
    const outcomes: Outcome[] = [];
    for (let seed = 1; seed <= seeds; seed++)
      outcomes.push(await trained(graph, seed, plan, dataset, steps));
    console.log(lineOf(name, graph, outcomes));
    if (values.json) console.log(JSON.stringify({ name, graph, epochs, outcomes }));
  }
  steps.dispose();
  engine.dispose();
  return 0;
}

async function trained(
  text: string,
  seed: number,
  plan: TrainingPlan,
  dataset: Dataset,
  steps: Steps,
): Promise<Outcome> {
  const graph = fromText(text);
  const teachers = new Map<number, never>();
  const setup = { graph, plan, seed, dataset, steps, teachers, nodes: 'needed' } as const;
  const training = await Training.prepare(setup);
  const epochs: EpochMetrics[] = [];
  while (!training.finished) epochs.push((await training.nextEpoch())!);
  training.release();
  const seconds = epochs.reduce((sum, epoch) => sum + epoch.seconds, 0);
  return { seed, accuracy: targetAccuracy(epochs.at(-1)!, graph), seconds };
}

function lineOf(name: string, graph: string, outcomes: readonly Outcome[]): string {
  const percent = (share: number): string => (100 * share).toFixed(2);
  const each = outcomes.map(({ accuracy }) => percent(accuracy)).join(', ');
  const all = percent(mean(outcomes.map(({ accuracy }) => accuracy)));
  const seconds = round(mean(outcomes.map((outcome) => outcome.seconds)));
  return `${name}: ${all} % (${each}), ${seconds} s a run: ${graph}`;
}
