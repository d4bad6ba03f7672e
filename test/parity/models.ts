import * as v from 'valibot';
import { architecture } from '../../core/models/architecture.ts';
import { parameterCount, statistics, tensors } from '../../core/models/tensors.ts';
import { Tally } from './report.ts';
import type { ParityReport } from './report.ts';

export const modelsFixture = v.object({
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

/** Compares the numbers of trainable parameters, tensors, running statistics and 3x3 convolutions with the expected ones. */
export function modelsParity(file: string, json: unknown): ParityReport {
  const fixture = v.parse(modelsFixture, json);
  const tally = new Tally();
  for (const expected of fixture.models) {
    const model = architecture(expected.model);
    const specs = tensors(model, 100);
    const kernels = specs.filter((spec) => spec.role === 'convolution');
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
    tally.exact(`${expected.model}, tensors`, specs.length, expected.tensors);
    tally.exact(`${expected.model}, statistics`, statistics(model).length, expected.running_stat_tensors);
    tally.exact(`${expected.model}, convolutions`, kernels.length, expected.conv_layers);
  }
  return tally.report(file);
}
