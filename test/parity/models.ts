import * as v from 'valibot';
import { architecture } from '../../core/models/architecture.ts';
import { stageSizes } from '../../core/models/cost.ts';
import type { Architecture } from '../../core/models/layers.ts';
import { parameterCount, statistics, tensors } from '../../core/models/tensors.ts';
import { Tally } from './report.ts';
import type { ParityReport } from './report.ts';

const modelsFixture = v.object({
  kind: v.literal('param_counts'),
  models: v.array(
    v.object({
      model: v.string(),
      classes_100: v.number(),
      classes_10: v.number(),
      tensors: v.number(),
      running_stat_tensors: v.number(),
      conv_layers: v.number(),
    }),
  ),
});

/**
 * Compares the numbers of trainable parameters, tensors, running statistics and 3x3 convolutions
 * with the expected ones.
 */
export function modelsParity(file: string, json: unknown): ParityReport {
  const fixture = v.parse(modelsFixture, json);
  const tally = new Tally();
  for (const expected of fixture.models) {
    const model = architecture(expected.model);
    tally.exact(
      `${expected.model}, parameters for 100 classes`,
      parameterCount(model, 100),
      expected.classes_100,
    );
    tally.exact(
      `${expected.model}, parameters for 10 classes`,
      parameterCount(model, 10),
      expected.classes_10,
    );
    compareLayers(tally, expected.model, model, expected);
  }
  return tally.report(file);
}

/** Numbers of tensors, running statistics and convolutions. */
function compareLayers(
  tally: Tally,
  what: string,
  model: Architecture,
  expected: Pick<v.InferOutput<typeof counts>, 'tensors' | 'running_stat_tensors' | 'conv_layers'>,
): void {
  const specs = tensors(model, 100);
  const kernels = specs.filter(({ role }) => role === 'convolution' || role === 'depthwise');
  tally.exact(`${what}, tensors`, specs.length, expected.tensors);
  tally.exact(`${what}, statistics`, statistics(model).length, expected.running_stat_tensors);
  tally.exact(`${what}, convolutions`, kernels.length, expected.conv_layers);
}

const counts = v.object({
  model: v.string(),
  tensors: v.number(),
  running_stat_tensors: v.number(),
  conv_layers: v.number(),
  /** Side of every stage's output, by the side of the images. */
  stages: v.record(v.string(), v.array(v.number())),
  stage_channels: v.array(v.number()),
});

const modelsFixture2 = v.object({
  kind: v.literal('param_counts2'),
  models: v.array(v.objectWithRest(counts.entries, v.number())),
});

/** Pixels on a side above which `classes_N_above_64px` counts. */
const ABOVE = 64;

/** The same for other sizes of images and numbers of classes, and the outputs of the stages. */
export function modelsParity2(file: string, json: unknown): ParityReport {
  const fixture = v.parse(modelsFixture2, json);
  const tally = new Tally();
  for (const expected of fixture.models) {
    for (const [side, sides] of Object.entries(expected.stages)) {
      const model = architecture(expected.model, { side: Number(side) });
      const what = `${expected.model}, ${side} px`;
      const sizes = stageSizes(model);
      tally.exact(
        `${what}, sides of stages`,
        sizes.map((stage) => stage.side),
        sides,
      );
      tally.exact(
        `${what}, channels of stages`,
        sizes.map((stage) => stage.channels),
        expected.stage_channels,
      );
      for (const classes of [10, 100, 200]) {
        const rest = expected as unknown as Record<string, number>;
        const small = rest[`classes_${classes}`];
        const large = rest[`classes_${classes}_above_64px`] ?? small;
        const count = Number(side) > ABOVE ? large : small;
        tally.exact(`${what}, parameters for ${classes}`, parameterCount(model, classes), count);
      }
      compareLayers(tally, what, model, expected);
    }
  }
  return tally.report(file);
}
