import assert from 'node:assert/strict';
import { decodeCheckpoint, encodeCheckpoint } from '../../core/train/checkpoint.ts';
import type { Training } from '../../core/train/training.ts';

/**
 * Interrupts a training at step 2 of its next epoch. Returns the same training, prepared again and
 * continued from a checkpoint file.
 */
export async function interruptedInEpoch(
  training: Training,
  prepare: () => Promise<Training>,
): Promise<Training> {
  const stop = new AbortController();
  const onStep = (step: number): void => {
    if (step === 2) stop.abort();
  };
  assert.equal(await training.nextEpoch({ signal: stop.signal, onStep }), undefined);
  const file = encodeCheckpoint(training.checkpoint());
  training.release();
  const next = await prepare();
  next.restore(decodeCheckpoint(file, 'test'));
  return next;
}
