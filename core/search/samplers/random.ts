import * as v from 'valibot';
import type { Sampler } from './_base.ts';

const schema = v.literal('random');

/** Draws every choice independently and uniformly, as the paper does. */
export const random = {
  name: 'random',
  schema,
  title: 'at random, as in the paper',
  learns: false,
  propose: ({ sizes, random: stream }) => sizes.map((size) => stream.below(size)),
} as const satisfies Sampler<v.InferOutput<typeof schema>>;
