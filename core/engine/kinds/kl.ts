import type { AnswerKind } from './kind-loss.ts';

/** a = T^2 KL(p_s || p_t), d a / d z_t = T (p_t - p_s). */
export const klLoss: AnswerKind = (tf, { temperature, logTarget, logSource, target, source }) => {
  const divergence = tf.sum(tf.mul(source, tf.sub(logSource, logTarget)), 3);
  const squared = tf.squeeze(tf.square(temperature), [3]);
  return {
    loss: tf.mul(squared, divergence),
    slope: tf.mul(temperature, tf.sub(target, source)),
  };
};
