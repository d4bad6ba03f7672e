import type { Tensor, TF } from './ops.ts';

/** Edge inputs as tensors of [destinations, sources with the label first]. */
export interface EdgeTensors {
  readonly weight: Tensor;
  readonly onlyCorrect: Tensor;
  readonly temperature: Tensor;
}

/** Losses of one batch; row = destination, column = source, column 0 = label. */
export interface GraphLoss {
  /** [nodes, nodes + 1] mean per-sample loss before the gate. */
  readonly raw: Tensor;
  /** [nodes, nodes + 1] mean over the whole batch after the gate. */
  readonly gated: Tensor;
  /** [nodes, nodes + 1] samples that source and destination both classify correctly. */
  readonly bothRight: Tensor;
  /** [nodes] plain sum of the gated losses (paper, equation 2). */
  readonly nodeLoss: Tensor;
  /**
   * [nodes, batch, classes] gradient of each node's own loss with respect to its logits; sources
   * are detached.
   */
  readonly gradient: Tensor;
}

/**
 * Returns all losses of a knowledge transfer graph from the logits [nodes, batch, classes] and
 * labels [batch] of one batch (paper, equations 1-6; SPEC section 2), with their gradient in closed
 * form:
 *
 *     label edge    a = -log p_t(y)                d a / d z_t = p_t - onehot(y)
 *     network edge  a = T^2 KL(p_s || p_t)         d a / d z_t = T (p_t - p_s),  p = softmax(z / T)
 *     gate factor   f = w (1 - k + k [s is right])            L_t = sum_s mean_n f a
 *
 * A factor of 0 removes the edge whatever its loss, so a diverged (NaN) source cannot pass a closed
 * gate.
 */
export function graphLoss(tf: TF, logits: Tensor, labels: Tensor, edges: EdgeTensors): GraphLoss {
  const [nodes, batch, classes] = logits.shape as [number, number, number];
  const columns = nodes + 1;
  const oneHot = tf.cast(tf.oneHot(labels as never, classes), 'float32');
  const log = logSoftmax(tf, logits);
  const labelLoss = tf.neg(tf.sum(tf.mul(log, oneHot), 2)); // [nodes, batch]
  const labelGradient = tf.sub(tf.exp(log), oneHot); // [nodes, batch, classes]

  const right = rightness(tf, logits, labels); // [nodes, batch]
  const sourceRight = tf.concat([tf.ones([1, batch]), right], 0); // [nodes + 1, batch]
  const closed = tf.sub(1, edges.onlyCorrect);
  const gate = tf.add(
    tf.reshape(closed, [nodes, columns, 1]),
    tf.mul(
      tf.reshape(edges.onlyCorrect, [nodes, columns, 1]),
      tf.reshape(sourceRight, [1, columns, batch]),
    ),
  );
  // [nodes, nodes + 1, batch].
  const factor = tf.mul(tf.reshape(edges.weight, [nodes, columns, 1]), gate);

  const temperature = tf.reshape(tf.slice(edges.temperature, [0, 1], [nodes, nodes]), [
    nodes,
    nodes,
    1,
    1,
  ]);
  const logTarget = logSoftmax(
    tf,
    tf.div(tf.reshape(logits, [nodes, 1, batch, classes]), temperature),
  );
  const logSource = logSoftmax(
    tf,
    tf.div(tf.reshape(logits, [1, nodes, batch, classes]), temperature),
  );
  const source = tf.exp(logSource);
  // [nodes, nodes, batch].
  const divergence = tf.sum(tf.mul(source, tf.sub(logSource, logTarget)), 3);
  const networkLoss = tf.mul(tf.reshape(tf.square(temperature), [nodes, nodes, 1]), divergence);
  const networkGradient = tf.mul(temperature, tf.sub(tf.exp(logTarget), source));
  const loss = tf.concat([tf.reshape(labelLoss, [nodes, 1, batch]), networkLoss], 1);
  const slope = tf.concat(
    [tf.reshape(labelGradient, [nodes, 1, batch, classes]), networkGradient],
    1,
  );
  const gatedLoss = tf.where(tf.notEqual(factor, 0), tf.mul(factor, loss), tf.zerosLike(loss));
  const wide = tf.reshape(factor, [nodes, columns, batch, 1]);
  const gatedSlope = tf.where(tf.notEqual(wide, 0), tf.mul(wide, slope), tf.zerosLike(slope));
  const gated = tf.mean(gatedLoss, 2);
  return {
    raw: tf.mean(loss, 2),
    gated,
    bothRight: tf.sum(
      tf.mul(tf.reshape(right, [nodes, 1, batch]), tf.reshape(sourceRight, [1, columns, batch])),
      2,
    ),
    nodeLoss: tf.sum(gated, 1),
    // A session replaces a division by a constant with a multiplication, which rounds differently,
    // so every engine multiplies here.
    gradient: tf.mul(tf.sum(gatedSlope, 1), 1 / batch),
  };
}

/**
 * Returns 1 for logits [..., classes] whose largest value is at the label, else 0. Of equal largest
 * logits the first counts. Logits that are not all finite are never correct (the first NaN would be
 * class 0).
 */
export function rightness(tf: TF, logits: Tensor, labels: Tensor): Tensor {
  const classes = logits.rank - 1;
  const answered = tf.equal(tf.argMax(logits, classes), labels);
  return tf.cast(tf.logicalAnd(answered, tf.all(tf.isFinite(logits), classes)), 'float32');
}

function logSoftmax(tf: TF, z: Tensor): Tensor {
  const shifted = tf.sub(z, tf.max(z, -1, true));
  return tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), -1, true)));
}
