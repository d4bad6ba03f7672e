import * as v from 'valibot';
import { type Crop, LENGTH_UNIT } from '../../core/data/batches.ts';
import type { BatchSource } from '../../core/engine/eager.ts';
import type { TF } from '../../core/engine/ops.ts';
import { hostImages } from '../../core/engine/portable/host-images.ts';
import type { TensorFlow } from '../../core/engine/tensorflow/binding.ts';
import { residentImages } from '../../core/engine/tensorflow/resident.ts';
import type { Tolerances } from './compare.ts';
import { type ParityReport, Tally } from './report.ts';

const image = v.array(v.array(v.array(v.number())));

const cropFixture = v.object({
  kind: v.literal('resized_crop'),
  image,
  cases: v.array(
    v.object({
      name: v.string(),
      flip: v.boolean(),
      /** Top, left, height, width. */
      part: v.tuple([v.number(), v.number(), v.number(), v.number()]),
      image,
    }),
  ),
});

/** How an engine cuts images out; without TensorFlow in JavaScript. */
function cropSource(tf: TF, side: number, tensorflow?: TensorFlow): BatchSource {
  const crop: Crop = { mode: 'resized', area: 0.08 };
  return tensorflow ? residentImages(tensorflow, side, crop) : hostImages(tf, side, crop);
}

/** Compares resized parts of an image with independent answers. */
export function cropParity(
  file: string,
  json: unknown,
  allowed: Tolerances,
  engine: { readonly tf: TF; readonly tensorflow?: TensorFlow },
): ParityReport {
  const fixture = v.parse(cropFixture, json);
  const side = fixture.image.length;
  const source = cropSource(engine.tf, side, engine.tensorflow);
  const images = Uint8Array.from(fixture.image.flat(2));
  source.load({ images, labels: Int32Array.of(0) });
  const tally = new Tally();
  for (const { name, flip, part, image: expected } of fixture.cases) {
    const [top, left, height, width] = part;
    const offsets = [top + height * LENGTH_UNIT, left + width * LENGTH_UNIT] as const;
    const codes = Int32Array.of(0, flip ? 1 : 0, ...offsets);
    let shown: number[] = [];
    engine.tf.tidy(() => {
      shown = [...source.training(codes).images.dataSync()];
    });
    const errors = expected.flat(2).map((value, i) => Math.abs(shown[i]! - value));
    tally.exact(`${name}, numbers`, shown.length, errors.length);
    const largest = Math.max(...expected.flat(2));
    tally.within(name, Math.max(...errors) / (1 + largest), allowed.augment!);
  }
  source.dispose();
  return tally.report(file);
}
