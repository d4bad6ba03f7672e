import type { MapKind } from './kind-loss.ts';

/** Mean over cells of (q_t - q_s)^2, summed over stages. */
export const attentionLoss: MapKind = {
  over: 'sum',
  compute: (tf, target, source) => {
    const cells = target.shape[2]!;
    const apart = tf.sub(target, source);
    return { loss: tf.mean(tf.square(apart), 2), slope: tf.mul(apart, 2 / cells) };
  },
};
