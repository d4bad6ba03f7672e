import * as v from 'valibot';
import { architecture } from '../../core/models/architecture.ts';
import { stageSizes } from '../../core/models/cost.ts';
import type { Architecture } from '../../core/models/layers.ts';
import { parameterCount, statistics, tensors } from '../../core/models/tensors.ts';
import { initialStatistics } from '../../core/models/initialise.ts';
import type { Steps } from '../../core/train/steps.ts';
import {
  compareFlat,
  compareLogits,
  compareLoss,
  compareSummary,
  normOf,
  summary,
  type Tolerances,
} from './compare.ts';
import { formulaImages, formulaParameters } from './formulas.ts';
import { type ParityReport, Tally } from './report.ts';

const numbers = v.array(v.number());
const formula = <T extends string>(...keys: T[]) =>
  v.object(
    Object.fromEntries(keys.map((key) => [key, v.number()])) as Record<
      T,
      v.NumberSchema<undefined>
    >,
  );
export const initFormula = formula('k', 'a', 'b', 'c', 'd', 'gamma0', 'beta0');
export const inputFormula = formula('k', 'a', 'b', 'd', 'm');

export const forwardFixture = v.object({
  kind: v.picklist(['forward', 'forward2']),
  model: v.string(),
  /** Pixels on a side of an image. */
  size: v.optional(v.number(), 32),
  classes: v.number(),
  batch: v.number(),
  node: v.number(),
  s: v.number(),
  init: initFormula,
  input: inputFormula,
  labels: numbers,
  param_count: v.number(),
  image: summary,
  logits: v.array(numbers),
  stages: v.optional(v.array(v.object({ shape: numbers, value: summary }))),
  loss: v.number(),
  tensors: v.array(v.object({ name: v.string(), shape: numbers, init: summary, grad: summary })),
  stats: v.array(v.object({ name: v.string(), shape: numbers, value: summary })),
  eval: v.object({ logits: v.array(numbers) }),
  tolerance: v.string(),
});

/**
 * One forward and backward pass of one network. The gradient is read as the momentum after an
 * update without weight decay, momentum and learning rate.
 */
export async function forwardParity(
  file: string,
  json: unknown,
  allowed: Tolerances,
  steps: Steps,
): Promise<ParityReport> {
  const fixture = v.parse(forwardFixture, json);
  const { classes, batch, node, size } = fixture;
  const tally = new Tally();
  const model = architecture(fixture.model, { side: size });
  const parameters = formulaParameters(model, classes, fixture.init, node);
  const images = formulaImages(batch, fixture.s, fixture.input, size);
  const labels = Int32Array.from(fixture.labels);
  const specs = tensors(model, classes);
  const expected = (quantity: 'init' | 'grad') =>
    fixture.tensors.map((tensor) => ({ ...tensor, value: tensor[quantity] }));

  tally.exact('parameters', parameterCount(model, classes), fixture.param_count);
  compareFlat(tally, 'initial', 'init', parameters, specs, expected('init'), allowed);
  compareSummary(tally, 'images', 'image', images, fixture.image, allowed);

  const step = await steps.borrow({
    architectures: [model],
    classes,
    batch,
  });
  try {
    const zeros = new Float32Array(parameters.length);
    step.write(0, { parameters, momentum: zeros, statistics: initialStatistics(model) });
    const { metrics, logits, stages } = step.trainDirect(
      { images, labels },
      {
        rates: { learningRate: 0, momentum: 0, weightDecay: 0 },
        edges: {
          weight: Float32Array.of(1, 0),
          onlyCorrect: new Float32Array(2),
          temperature: new Float32Array(2).fill(1),
        },
        trained: [0],
      },
    );
    compareLogits(tally, 'logits', 'logits', logits, fixture.logits, allowed);
    if (fixture.stages) compareStages(tally, model, batch, stages[0]!, fixture.stages, allowed);
    compareLoss(tally, 'loss', metrics.nodeLoss[0]!, fixture.loss, allowed);
    const after = step.read(0);
    compareFlat(tally, 'gradient', 'grad', after.momentum, specs, expected('grad'), allowed);
    if (allowed.grad !== undefined) {
      const norm = Math.hypot(...expected('grad').map(({ value }) => value.n));
      const error = Math.abs(normOf(after.momentum) - norm) / norm;
      tally.within('norm of all gradients', error, allowed.grad);
    }
    compareFlat(
      tally,
      'statistics',
      'stats',
      after.statistics,
      statistics(model),
      fixture.stats,
      allowed,
    );
    compareLogits(
      tally,
      'evaluation',
      'eval_logits',
      step.logits({ images, labels }),
      fixture.eval.logits,
      allowed,
    );
  } finally {
    steps.giveBack(step);
  }
  return tally.report(file);
}

/** Outputs of the named stages, [batch, side, side, channels]. */
function compareStages(
  tally: Tally,
  model: Architecture,
  batch: number,
  actual: readonly Float32Array[],
  expected: NonNullable<v.InferOutput<typeof forwardFixture>['stages']>,
  allowed: Tolerances,
): void {
  const sizes = stageSizes(model);
  const shapes = sizes.map(({ side, channels }) => [batch, side, side, channels]);
  const wanted = expected.map(({ shape }) => shape);
  tally.exact('stages', shapes, wanted);
  for (const [place, { value }] of expected.entries())
    compareSummary(tally, `stage ${sizes[place]!.name}`, 'stage', actual[place]!, value, allowed);
}
