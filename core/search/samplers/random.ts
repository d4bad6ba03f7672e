import * as v from 'valibot';
import { drawSetting } from './prior.ts';
import type { Sampler } from './_base.ts';

const schema = v.literal('random');

/** Draws every choice independently, as the paper does, evenly or by the plan's weights. */
export const random = {
  name: 'random',
  schema,
  title: 'at random, as in the paper',
  learns: false,
  randomStart: Infinity,
  propose: ({ sizes, prior, random: stream }) =>
    prior ? drawSetting(prior, stream) : sizes.map((size) => stream.below(size)),
} as const satisfies Sampler<v.InferOutput<typeof schema>>;
