import * as v from 'valibot';
import { random } from './random.ts';
import { tpe } from './tpe.ts';

/** All samplers, in the order of forms and usage texts; the first is the usual one. */
export const samplers = [tpe, random] as const;

/** A sampler as a plan names it. */
export type SamplerName = v.InferOutput<(typeof samplers)[number]['schema']>;

export const samplerNames: readonly SamplerName[] = samplers.map(({ name }) => name);

export const samplerSchema: v.GenericSchema<unknown, SamplerName> = v.union(
  samplers.map(({ schema }) => schema),
);

export const samplerOf = (name: SamplerName): (typeof samplers)[number] =>
  samplers.find((each) => each.name === name)!;
