import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { openDataset } from '../../core/data/resolve.ts';
import { openEngine } from '../../core/engine/open.ts';
import { fromText } from '../../core/graph/text.ts';
import type { EpochMetrics } from '../../core/study/metrics.ts';
import { targetAccuracy } from '../../core/study/metrics.ts';
import { recipeFor } from '../../core/study/recipe.ts';
import { Steps } from '../../core/train/steps.ts';
import { Training } from '../../core/train/training.ts';
import { interruptedInEpoch } from './interrupt.ts';

const EPOCHS = 2;
const data = 'synthetic:seed=5,train=48,test=24,classes=3';
const dataset = await openDataset(data);
const engine = await openEngine({ engine: 'tensorflow' });
const steps = new Steps(engine);
after(() => {
  steps.dispose();
  engine.dispose();
});

const setup = (text: string, nodes: 'all' | 'needed' = 'all') =>
  ({
    graph: fromText(text),
    plan: {
      data,
      protocol: 'paper',
      purpose: 'search',
      splitSeed: 1,
      epochs: EPOCHS,
      recipe: { ...recipeFor(EPOCHS), batch: 8, learningRate: 0.02 },
    },
    seed: 3,
    dataset,
    steps,
    teachers: new Map(),
    nodes,
  }) as const;

/** Both epochs; with `interrupted`, through a checkpoint in the middle of each. */
async function trained(text: string, interrupted = false): Promise<EpochMetrics[]> {
  let training = await Training.prepare(setup(text));
  const metrics: EpochMetrics[] = [];
  for (let epoch = 1; epoch <= EPOCHS; epoch++) {
    if (interrupted)
      training = await interruptedInEpoch(training, () => Training.prepare(setup(text)));
    metrics.push((await training.nextEpoch())!);
  }
  training.release();
  return metrics.map((each) => ({ ...each, seconds: 0 }));
}

describe('a graph of every kind of edge', () => {
  const known =
    'resnet8=N_2S.r@4M.a_100C,resnet8=TT.ar_0.5T_0X,wrn-10-1=TXXT.r,ensemble=probabilities:1+2';

  test('trains, and an interruption changes no bit', async () => {
    const straight = await trained(known);
    assert.deepEqual(await trained(known, true), straight);
    const [, last] = straight as [EpochMetrics, EpochMetrics];
    assert.equal(last.nodes.length, 4);
    assert.ok(last.nodes.every(({ accuracy, loss }) => accuracy >= 0 && Number.isFinite(loss)));
    assert.ok(Number.isNaN(last.nodes[3]!.trainLoss), 'an ensemble has no loss of its own');
    assert.ok(last.nodes[3]!.trainAccuracy >= 0);
    const edges = fromText(known).edges;
    for (const [i, edge] of last.edges.entries())
      assert.equal(edge === null, edges[i]!.gate === 'cutoff', `edge ${i}`);
  });

  test('the weights of edges decide what a node learns', async () => {
    const [one] = await trained('resnet8=TT,resnet8=TT');
    const [other] = await trained('resnet8=TT_3,resnet8=TT');
    assert.notEqual(one!.nodes[0]!.loss, other!.nodes[0]!.loss);
    const gated = (metrics: EpochMetrics): number => metrics.edges[1]!.gatedLoss;
    assert.ok(gated(other!) > 0 && gated(one!) > 0);
  });
});

test('where the accuracy of the ensemble counts, its voters are needed and nothing else', async () => {
  const text = 'resnet8=TXXX,resnet8=TXXX,resnet8=TXXX,ensemble=logits.objective:2+3';
  const training = await Training.prepare(setup(text, 'needed'));
  const metrics = (await training.nextEpoch())!;
  training.release();
  const [first, second, third, ensemble] = metrics.nodes;
  assert.ok(Number.isNaN(first!.accuracy));
  assert.ok(second!.accuracy >= 0 && third!.accuracy >= 0);
  assert.equal(targetAccuracy(metrics, fromText(text)), ensemble!.accuracy);
});
