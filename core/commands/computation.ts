import {
  compilers,
  type RequestedComputation,
  computationWords,
  precisions,
} from '../study/computation.ts';
import type { TrainingPlan } from '../study/plan.ts';
import type { Values } from './command.ts';
import { choiceOf } from './values.ts';

/** Options of every command that trains. */
export const computationOptions = {
  compiler: { type: 'string' },
  precision: { type: 'string' },
  deterministic: { type: 'boolean' },
} as const;

export const computationUsage = `  --precision P     float32, tf32 (cards, their default) or bfloat16 (compiled): what convolutions compute with
  --deterministic   the same bits in every repeat on one card, a little slower
  --compiler C      none or xla, by default xla on cards`;

/** How numbers are to be made; only what was said. */
export const computationFrom = (values: Values): RequestedComputation => ({
  ...(values.compiler !== undefined && {
    compiler: choiceOf(values, 'compiler', compilers, 'none'),
  }),
  ...(values.precision !== undefined && {
    precision: choiceOf(values, 'precision', precisions, 'float32'),
  }),
  ...(values.deterministic === true && { deterministic: true }),
});

/**
 * `, XLA, bfloat16` behind what is said of a plan that asks for it; '' for the devices' usual way.
 */
export function computationText({ computation }: TrainingPlan): string {
  return computation ? `, ${computationWords(computation)}` : '';
}

/** The part of a training plan for a wish; nothing for none. */
export const computationPart = (
  wish: RequestedComputation,
): { computation?: RequestedComputation } =>
  Object.keys(wish).length > 0 ? { computation: wish } : {};
