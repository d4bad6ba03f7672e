import * as v from 'valibot';
import { kindIndex } from '../../core/kinds/kinds.ts';
import { compareSummary, summary, type Tolerances } from './compare.ts';
import { edgeMatrices } from './edges.ts';
import { lossError } from './gates.ts';
import type { LossForm } from './loss.ts';
import type { StageMap } from './plain-attention.ts';
import { type ParityReport, Tally } from './report.ts';

const shapes = v.array(v.tuple([v.number(), v.number(), v.number(), v.number()]));
const constant = v.number();

const mapsFixture = v.object({
  kind: v.literal('maps2'),
  cases: v.array(
    v.object({
      name: v.string(),
      kind: v.picklist(['attention', 'attention-repel']),
      weight: v.number(),
      formula: v.object({ k: constant, a: constant, b: constant, c: constant, d: constant }),
      target: shapes,
      source: shapes,
      per_sample: v.array(v.number()),
      gated: v.number(),
      grads: v.array(summary),
    }),
  ),
});
type Case = v.InferOutput<typeof mapsFixture>['cases'][number];

/** Compares attention on formula maps of real sizes with independent answers. */
export function mapsParity(
  file: string,
  json: unknown,
  allowed: Tolerances,
  form: LossForm,
): ParityReport {
  const tally = new Tally();
  for (const one of v.parse(mapsFixture, json).cases) compareCase(tally, one, allowed, form);
  return tally.report(file);
}

function compareCase(tally: Tally, one: Case, allowed: Tolerances, form: LossForm): void {
  const batch = one.target[0]![0];
  const { kind, weight } = one;
  const edge = { gate: 'through', kind, weight, T: 1, column: 2, destination: 0 } as const;
  const losses = form(
    [0, 1].map(() => Array.from({ length: batch }, () => [1, 0])),
    Array.from({ length: batch }, () => 0),
    edgeMatrices(2, 3, 1, [edge]),
    { maps: [formulaMaps(one.target, 0, one), formulaMaps(one.source, 1, one)] },
  );
  const allowedLoss = allowed.map_loss!;
  tally.exact(`${one.name}, kind`, kindIndex(kind) > 0, true);
  tally.within(`${one.name}, gated`, lossError(losses.gated[0]![2]!, one.gated), allowedLoss);
  const mean = one.per_sample.reduce((sum, value) => sum + value, 0) / batch;
  tally.within(`${one.name}, raw`, lossError(losses.raw[0]![2]!, mean), allowedLoss);
  for (const [n, expected] of one.per_sample.entries())
    if (losses.perSample) {
      const error = lossError(losses.perSample[0]![2]![n]!, expected);
      tally.within(`${one.name}, sample ${n}`, error, allowedLoss);
    }
  for (const [stage, expected] of one.grads.entries()) {
    const slope = losses.mapGradients[0]![stage];
    const size = one.target[stage]!.reduce((product, length) => product * length, 1);
    const flat = slope ? ([slope].flat(Infinity) as unknown as number[]) : new Array<number>(size);
    compareSummary(
      tally,
      `${one.name}, gradient of stage ${stage}`,
      'map_grad',
      Float32Array.from(slope ? flat : flat.fill(0)),
      expected,
      allowed,
    );
  }
}

/** Stage outputs by the fixture's formula, float32-rounded: [stages][n][h][w][channel]. */
function formulaMaps(
  stages: Case['target'],
  node: number,
  { formula: { k, a, b, c, d } }: Case,
): StageMap[][] {
  return stages.map(([n, height, width, channels], t) => {
    let j = 0;
    const times = <T>(count: number, make: (i: number) => T): T[] =>
      Array.from({ length: count }, (_, i) => make(i));
    return times(n, (image) =>
      times(height, (h) =>
        times(width, (w) =>
          times(channels, () => {
            const u = Math.sin(k * Math.sin(a * j++ + b * t + c * node + d));
            const wave = Math.sin(0.9 * h + 0.7 * w + 1.3 * image + 0.6 * t + 1.7 * node);
            return Math.fround(u * (1 + wave));
          }),
        ),
      ),
    );
  });
}
