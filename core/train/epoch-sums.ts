import type { StepMetrics } from '../engine/engine.ts';
import type { EpochSums } from './checkpoint.ts';

/** Sums over the steps of an epoch, before its first step; lengths as in the metrics of a step. */
export function emptySums(
  { raw, gated, bothRight, nodeLoss }: StepMetrics,
  hasEnsemble: boolean,
): EpochSums {
  const zeros = (like: Float32Array): number[] => Array.from(like, () => 0);
  return {
    raw: zeros(raw),
    gated: zeros(gated),
    bothRight: zeros(bothRight),
    nodeLoss: zeros(nodeLoss),
    ...(hasEnsemble && { ensembleRight: 0 }),
  };
}

/** Adds the metrics of one step to the sums, in place. */
export function addToSums(
  sums: EpochSums,
  { raw, gated, bothRight, nodeLoss, sourceRight }: StepMetrics,
): void {
  const into = (all: number[], values: Float32Array): void => {
    for (let i = 0; i < all.length; i++) all[i]! += values[i]!;
  };
  into(sums.raw, raw);
  into(sums.gated, gated);
  into(sums.bothRight, bothRight);
  into(sums.nodeLoss, nodeLoss);
  if (sums.ensembleRight !== undefined) sums.ensembleRight += sourceRight.at(-1)!;
}
