import type { EnsemblePlan } from './engine.ts';
import type { Tensor, TF } from './ops.ts';

/**
 * Returns the logits [batch, classes] of an ensemble: the mean of its voters' logits, or the
 * logarithm of the mean of their softmax, by log-sum-exp. A sample with a voter that is not finite
 * has NaN, so the ensemble is not right about it.
 *
 * @param logits of the nodes, each [batch, classes]
 */
export function ensembleLogits(
  tf: TF,
  logits: readonly Tensor[],
  { voters, combine }: EnsemblePlan,
): Tensor {
  const votes = tf.stack(voters.map((voter) => logits[voter]!)); // [voters, batch, classes]
  const combined = combine === 'logits' ? tf.mean(votes, 0) : logMeanSoftmax(tf, votes);
  const finite = tf.all(tf.all(tf.isFinite(votes), 2), 0); // [batch]
  return tf.where(tf.expandDims(finite, 1), combined, tf.fill(combined.shape, NaN));
}

function logMeanSoftmax(tf: TF, votes: Tensor): Tensor {
  const log = logSoftmax(tf, votes);
  const largest = tf.max(log, 0, true);
  const mean = tf.mean(tf.exp(tf.sub(log, largest)), 0);
  return tf.add(tf.log(mean), tf.squeeze(largest, [0]));
}

/** Returns log softmax over the last axis. */
export function logSoftmax(tf: TF, z: Tensor): Tensor {
  const shifted = tf.sub(z, tf.max(z, -1, true));
  return tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), -1, true)));
}
