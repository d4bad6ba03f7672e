import type { AnswerKind } from './kind-loss.ts';

/**
 * a = cos(p_s, p_t) = c. With d c / d p_t = p_s / (|p_t| |p_s|) - c p_t / |p_t|^2 = v, the gradient
 * is d a / d z_t = p_t (v - v . p_t) / T.
 */
export const repelLoss: AnswerKind = (tf, { temperature, target, source }) => {
  const lengthTarget = tf.sum(tf.square(target), 3, true); // squared
  const lengths = tf.sqrt(tf.mul(lengthTarget, tf.sum(tf.square(source), 3, true)));
  const cosine = tf.div(tf.sum(tf.mul(source, target), 3, true), lengths);
  const v = tf.sub(tf.div(source, lengths), tf.mul(cosine, tf.div(target, lengthTarget)));
  const along = tf.sum(tf.mul(v, target), 3, true);
  return {
    loss: tf.squeeze(cosine, [3]),
    slope: tf.div(tf.mul(target, tf.sub(v, along)), temperature),
  };
};
