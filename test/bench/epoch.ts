import type { Dataset } from '../../core/data/dataset.ts';
import { syntheticDataset } from '../../core/data/sets/synthetic.ts';
import { EVALUATION_BATCH } from '../../core/engine/engine.ts';
import { template } from '../../core/graph/templates.ts';
import { recipeFor } from '../../core/study/recipe.ts';
import { Steps } from '../../core/train/steps.ts';
import { Training } from '../../core/train/training.ts';
import { type Case, machine, median, prepare, readCase } from './measure.ts';

/** Epochs measured, by turns with as many bare steps. */
const EPOCHS = 6;
/** Evaluated after each epoch; CIFAR has one test image for five training images. */
const IMAGES_PER_TESTED = 5;
const CLASSES = 20;

/**
 * What an epoch costs beyond its steps: order and augmentation codes, edges, sums of the metrics,
 * giving way to signals. The evaluation after it is told apart.
 */
export async function bench(args: string[]): Promise<number> {
  const one = readCase(args, { arch: 'resnet32', steps: 50 });
  const { engine, step, train } = await prepare(one);
  const wanted = (one.steps * one.batch) / IMAGES_PER_TESTED;
  const tested = wholeBatches(wanted);
  const training = await prepareTraining(one, engine, tested);
  console.log(`${one.arch}, batch ${one.batch}, epochs of ${one.steps} steps: ${machine(one)}`);
  const ratios: number[] = [];
  const shares: number[] = [];
  for (let epoch = 0; epoch <= EPOCHS; epoch++) {
    train();
    const bare = sum(Array.from({ length: one.steps }, train));
    const begun = performance.now();
    let trained = 0;
    const onStep = (): void => {
      trained = performance.now() - begun;
    };
    await training.nextEpoch({ onStep });
    const evaluated = performance.now() - begun - trained;
    if (epoch === 0) continue; // allocates
    ratios.push(trained / bare);
    shares.push(((evaluated / bare) * wanted) / tested);
  }
  const range = `${Math.min(...ratios).toFixed(3)} to ${Math.max(...ratios).toFixed(3)}`;
  console.log(
    `  an epoch takes ${median(ratios).toFixed(3)} of its steps alone (by turn ${range})`,
  );
  console.log(
    `  evaluation of one image per ${IMAGES_PER_TESTED} trained: ${median(shares).toFixed(3)} more`,
  );
  training.release();
  step.dispose();
  return 0;
}

async function prepareTraining(
  one: Case,
  engine: Awaited<ReturnType<typeof prepare>>['engine'],
  tested: number,
): Promise<Training> {
  const dataset: Dataset = syntheticDataset({
    train: one.steps * one.batch,
    test: tested,
    classes: CLASSES,
  });
  return Training.prepare({
    graph: template(
      'all-through',
      one.models.map(({ name }) => name),
    ),
    plan: {
      data: 'synthetic',
      protocol: 'paper',
      purpose: 'search',
      splitSeed: 1,
      epochs: EPOCHS + 1,
      recipe: { ...recipeFor(EPOCHS), batch: one.batch },
    },
    seed: 1,
    dataset,
    steps: new Steps(engine),
    teachers: new Map(),
    nodes: 'all',
  });
}

/** About so many images without a part of a batch, which costs a whole one; CIFAR leaves no rest. */
const wholeBatches = (images: number): number =>
  EVALUATION_BATCH * Math.max(1, Math.round(images / EVALUATION_BATCH));

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);
