import type { MapKind } from './kind-loss.ts';

/** q_t . q_s, the mean over stages. */
export const attentionRepelLoss: MapKind = {
  over: 'mean',
  compute: (tf, target, source) => ({ loss: tf.sum(tf.mul(target, source), 2), slope: source }),
};
