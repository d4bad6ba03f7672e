import * as v from 'valibot';
import { dimensions } from '../../graph/space.ts';
import type { Sampler } from './_base.ts';

const schema = v.literal('random');

/** Draws every choice independently and uniformly, as the paper does. */
export const random = {
  name: 'random',
  schema,
  title: 'at random, as in the paper',
  learns: false,
  propose: ({ space, random: stream }) =>
    dimensions(space).map(({ choices }) => stream.below(choices.length)),
} as const satisfies Sampler<v.InferOutput<typeof schema>>;
