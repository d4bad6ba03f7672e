/** How the first trial of a study stands before its first result. */
import type { SlotView } from '../../../core/lab/api.ts';
import { duration } from '../../ui/format.ts';

/** A loss with its place: epochs done, the share of the present one included. */
export interface LossPoint {
  readonly at: number;
  readonly loss: number;
}

/** Points that are kept: more than pixels are not seen. */
const KEPT = 400;

/** The points with the present loss of a slot, unless it is known already. */
export function withLoss(points: readonly LossPoint[], { progress }: SlotView): LossPoint[] {
  if (!progress || progress.loss === undefined || progress.steps === 0) return [...points];
  const at = progress.epoch - 1 + progress.step / progress.steps;
  const last = points.at(-1);
  if (last && at <= last.at) return [...points];
  return [...points, { at, loss: progress.loss }].slice(-KEPT);
}

/**
 * `First result after epoch 1, in about 20 s.`
 *
 * @param batch images of a step
 */
export function firstResultText({ progress }: SlotView, batch: number): string {
  const after = 'First result after epoch 1';
  if (!progress || progress.epoch !== 1 || !(progress.imagesPerSecond > 0)) return `${after}.`;
  const seconds = ((progress.steps - progress.step) * batch) / progress.imagesPerSecond;
  return progress.steps === progress.step
    ? `${after}: its images are being evaluated.`
    : `${after}, in about ${duration(Math.max(1, seconds))}.`;
}
