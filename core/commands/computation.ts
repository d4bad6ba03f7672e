import {
  compilers,
  type RequestedComputation,
  computationWords,
  precisions,
} from '../study/computation.ts';
import type { TrainingPlan } from '../study/plan.ts';
import type { Values } from './command.ts';
import { choiceOf } from './values.ts';
import type { Options } from './command.ts';

/** Options of every command that trains. */
export const computationOptions = {
  precision: {
    type: 'string',
    value: 'P',
    help: 'precision of convolutions: float32, tf32 (cards, their default) or bfloat16',
  },
  deterministic: {
    type: 'boolean',
    help: 'the same bits in every repetition on one card, a little slower',
  },
  compiler: { type: 'string', value: 'C', help: 'none or xla; default xla on cards' },
} as const satisfies Options;

/** Returns the requested computation, with only the given options. */
export const computationFrom = (values: Values): RequestedComputation => ({
  ...(values.compiler !== undefined && {
    compiler: choiceOf(values, 'compiler', compilers, 'none'),
  }),
  ...(values.precision !== undefined && {
    precision: choiceOf(values, 'precision', precisions, 'float32'),
  }),
  ...(values.deterministic === true && { deterministic: true }),
});

/** Returns `, XLA, bfloat16` for a plan that requests them; '' for the device's default. */
export function computationText({ computation }: TrainingPlan): string {
  return computation ? `, ${computationWords(computation)}` : '';
}

/** Returns the part of a training plan for a request; {} without one. */
export const computationPart = (
  request: RequestedComputation,
): { computation?: RequestedComputation } =>
  Object.keys(request).length > 0 ? { computation: request } : {};
