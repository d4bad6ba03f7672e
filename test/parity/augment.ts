import * as v from 'valibot';
import { augmentedBatch } from '../../core/data/augment.ts';
import type { ChannelStatistics } from '../../core/engine/engine.ts';
import type { Tolerances } from './compare.ts';
import { type ParityReport, Tally } from './report.ts';

const numbers = v.array(v.number());
const image = v.array(v.array(numbers));
export const normaliseFixture = v.nullable(v.object({ mean: numbers, std: numbers }));

const augmentFixture = v.object({
  kind: v.literal('augment2'),
  image,
  cases: v.array(
    v.object({
      name: v.string(),
      flip: v.boolean(),
      pad: v.number(),
      mode: v.picklist(['reflect', 'zero']),
      dy: v.number(),
      dx: v.number(),
      normalise: normaliseFixture,
      image,
    }),
  ),
});

/**
 * Compares augmented images with independent answers. The engine crops bytes and the fixture holds
 * fractions, so a byte names a number of the fixture's image, and 0 is the black of the padding.
 */
export function augmentParity(file: string, json: unknown, allowed: Tolerances): ParityReport {
  const fixture = v.parse(augmentFixture, json);
  const values = [0, ...fixture.image.flat(2)];
  const side = fixture.image.length;
  const images = Uint8Array.from({ length: values.length - 1 }, (_, i) => i + 1);
  const tally = new Tally();
  for (const { name, flip, pad, mode, dy, dx, normalise, image: expected } of fixture.cases) {
    const codes = Int32Array.of(0, flip ? 1 : 0, dy, dx);
    const padding = { mode, pixels: pad };
    const batch = augmentedBatch({ images, labels: Int32Array.of(0), side }, codes, padding);
    const shown = [...batch.images].map((byte) => values[Math.round(byte * 255)]!);
    const errors = expected
      .flat(2)
      .map((value, i) => Math.abs(scaled(shown[i]!, i % 3, normalise) - value));
    const largest = Math.max(...expected.flat(2).map(Math.abs));
    tally.exact(`${name}, numbers`, shown.length, errors.length);
    tally.within(name, Math.max(...errors) / (1 + largest), allowed.augment!);
  }
  return tally.report(file);
}

const scaled = (value: number, channel: number, by: ChannelStatistics | null): number =>
  by ? (value - by.mean[channel]!) / by.std[channel]! : value;
