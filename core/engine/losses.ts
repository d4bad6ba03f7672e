import { type KindName, kindIndex, USUAL_KIND } from '../kinds/kinds.ts';
import { AttentionLosses, type StageInputs } from './attention.ts';
import type { EnsemblePlan } from './engine.ts';
import { ensembleLogits, logSoftmax } from './ensemble.ts';
import type { Answers } from './kinds/kind-loss.ts';
import { answerKinds, mapKinds } from './kinds/kinds.ts';
import type { Tensor, TF } from './ops.ts';

/**
 * Edge inputs as tensors of [destinations, sources with the label first, the ensemble last].
 */
export interface EdgeTensors {
  readonly weight: Tensor;
  readonly onlyCorrect: Tensor;
  readonly temperature: Tensor;
  /** 1 where the mean runs over the correct samples alone. */
  readonly overCorrect: Tensor;
  /** Number of the edge's kind (`kindIndex`); 0 on label edges. */
  readonly kind: Tensor;
}

/** The batch of a step as its losses see it. */
export interface LossInputs {
  /** [nodes, batch, classes] */
  readonly logits: Tensor;
  /** [batch] */
  readonly labels: Tensor;
  readonly edges: EdgeTensors;
  /** Kinds of the edges besides the usual one. */
  readonly kinds?: readonly KindName[];
  readonly ensemble?: EnsemblePlan;
  /** Needed where `kinds` holds one that compares stages. */
  readonly maps?: StageInputs;
}

/**
 * Losses of one batch; row = destination, column = source, column 0 = label, last column = the
 * ensemble where there is one.
 */
export interface GraphLoss {
  /** [nodes, columns] mean per-sample loss before the gate. */
  readonly raw: Tensor;
  /** [nodes, columns] mean over the samples after gate and weight. */
  readonly gated: Tensor;
  /** [nodes, columns] samples that source and destination both classify correctly. */
  readonly bothRight: Tensor;
  /** [nodes] plain sum of the gated losses (paper, equation 2). */
  readonly nodeLoss: Tensor;
  /** [columns] samples that each source classifies correctly. */
  readonly sourceRight: Tensor;
  /** [batch, classes]; null without an ensemble. */
  readonly ensemble: Tensor | null;
  /**
   * [nodes, batch, classes] gradient of each node's own loss with respect to its logits; sources
   * are detached.
   */
  readonly gradient: Tensor;
  /** The same with respect to each node's stage outputs; null where nothing compares a stage. */
  readonly stageGradients: readonly (readonly (Tensor | null)[])[];
}

/** Losses of all pairs of nodes, and where their gradients go. */
interface PairLosses {
  /** [nodes, sources, batch] */
  readonly loss: Tensor;
  /** [nodes, sources, batch, classes] */
  readonly slope: Tensor;
  readonly attention: AttentionLosses | null;
}

/**
 * Returns all losses of a knowledge transfer graph from the outputs of one batch (paper, equations
 * 1-6; SPEC section 2), with their gradient in closed form:
 *
 *     label edge    a = -log p_t(y)                d a / d z_t = p_t - onehot(y)
 *     network edge  a by its kind                  see core/engine/kinds
 *     gate factor   f = w (1 - k + k [s is right]) (times batch / correct samples where it says so)
 *                                                  L_t = sum_s mean_n f a
 *
 * A factor of 0 removes the edge whatever its loss, so a diverged (NaN) source cannot pass a closed
 * gate.
 */
export function graphLoss(tf: TF, inputs: LossInputs): GraphLoss {
  const { logits, labels, edges } = inputs;
  const [nodes, batch, classes] = logits.shape as [number, number, number];
  const oneHot = tf.cast(tf.oneHot(labels as never, classes), 'float32');
  const log = logSoftmax(tf, logits);
  const labelLoss = tf.neg(tf.sum(tf.mul(log, oneHot), 2)); // [nodes, batch]
  const labelGradient = tf.sub(tf.exp(log), oneHot); // [nodes, batch, classes]

  const ensemble = inputs.ensemble ? ensembleLogits(tf, tf.unstack(logits), inputs.ensemble) : null;
  const sources = ensemble ? tf.concat([logits, tf.expandDims(ensemble, 0)], 0) : logits;
  const columns = sources.shape[0] + 1;
  const rightSources = rightness(tf, sources, labels); // [sources, batch]
  const right = ensemble ? tf.slice(rightSources, [0, 0], [nodes, batch]) : rightSources;
  const sourceRight = tf.concat([tf.ones([1, batch]), rightSources], 0); // [columns, batch]
  const factor = gateFactor(tf, edges, sourceRight); // [nodes, columns, batch]

  const pairs = pairLosses(tf, inputs, sources);
  const loss = tf.concat([tf.reshape(labelLoss, [nodes, 1, batch]), pairs.loss], 1);
  const slope = tf.concat([tf.reshape(labelGradient, [nodes, 1, batch, classes]), pairs.slope], 1);
  const gatedLoss = tf.where(tf.notEqual(factor, 0), tf.mul(factor, loss), tf.zerosLike(loss));
  const wide = tf.reshape(factor, [nodes, columns, batch, 1]);
  const gatedSlope = tf.where(tf.notEqual(wide, 0), tf.mul(wide, slope), tf.zerosLike(slope));
  const gated = tf.mean(gatedLoss, 2);
  const networkFactor = (): Tensor => tf.slice(factor, [0, 1, 0], [nodes, columns - 1, batch]);
  return {
    raw: tf.mean(loss, 2),
    gated,
    bothRight: tf.sum(
      tf.mul(tf.reshape(right, [nodes, 1, batch]), tf.reshape(sourceRight, [1, columns, batch])),
      2,
    ),
    nodeLoss: tf.sum(gated, 1),
    sourceRight: tf.sum(sourceRight, 1),
    ensemble,
    // A session replaces a division by a constant with a multiplication, which rounds differently,
    // so every engine multiplies here.
    gradient: tf.mul(tf.sum(gatedSlope, 1), 1 / batch),
    stageGradients:
      pairs.attention?.gradients(networkFactor(), (name) => isKind(tf, edges, name)) ?? [],
  };
}

/** Returns weight times gate of every edge and sample, [nodes, columns, batch]. */
function gateFactor(tf: TF, edges: EdgeTensors, sourceRight: Tensor): Tensor {
  const [nodes, columns] = edges.weight.shape as [number, number];
  const batch = sourceRight.shape[1]!;
  const closed = tf.sub(1, edges.onlyCorrect);
  const gate = tf.add(
    tf.reshape(closed, [nodes, columns, 1]),
    tf.mul(
      tf.reshape(edges.onlyCorrect, [nodes, columns, 1]),
      tf.reshape(sourceRight, [1, columns, batch]),
    ),
  );
  const correct = tf.maximum(tf.sum(sourceRight, 1), 1); // [columns]
  const share = tf.reshape(tf.div(tf.scalar(batch), correct), [1, columns]);
  const scale = tf.where(tf.notEqual(edges.overCorrect, 0), share, tf.onesLike(edges.weight));
  return tf.mul(tf.reshape(tf.mul(edges.weight, scale), [nodes, columns, 1]), gate);
}

/** Returns where an edge between networks has a kind, [nodes, sources], boolean. */
function isKind(tf: TF, { kind }: EdgeTensors, name: KindName): Tensor {
  const [nodes, columns] = kind.shape as [number, number];
  return tf.equal(tf.slice(kind, [0, 1], [nodes, columns - 1]), kindIndex(name));
}

/** Chooses the loss of every edge by its kind; the usual kind is computed for all pairs. */
function pairLosses(tf: TF, inputs: LossInputs, sources: Tensor): PairLosses {
  const { edges, kinds = [], maps } = inputs;
  const answers = answersOf(tf, inputs, sources);
  const [usual, ...others] = answerKinds([USUAL_KIND, ...kinds]);
  let { loss, slope } = usual!.loss(tf, answers);
  const choose = (name: KindName, other: { loss: Tensor; slope: Tensor }): void => {
    const chosen = tf.expandDims(isKind(tf, edges, name), 2);
    loss = tf.where(chosen, other.loss, loss);
    slope = tf.where(tf.expandDims(chosen, 3), other.slope, slope);
  };
  for (const { name, loss: compute } of others) choose(name, compute(tf, answers));
  if (mapKinds(kinds).length === 0) return { loss, slope, attention: null };
  if (!maps) throw new Error('Losses that compare stages need the outputs of the stages.');
  const attention = new AttentionLosses(tf, maps, kinds);
  for (const { name, loss: compared } of attention.losses(sources.shape[0]))
    choose(name, { loss: compared, slope: tf.zerosLike(slope) });
  return { loss, slope, attention };
}

function answersOf(tf: TF, { logits, edges }: LossInputs, sources: Tensor): Answers {
  const [nodes, batch, classes] = logits.shape as [number, number, number];
  const count = sources.shape[0];
  const temperature = tf.reshape(tf.slice(edges.temperature, [0, 1], [nodes, count]), [
    nodes,
    count,
    1,
    1,
  ]);
  const softened = (z: Tensor, shape: number[]): Tensor =>
    logSoftmax(tf, tf.div(tf.reshape(z, shape), temperature));
  const logTarget = softened(logits, [nodes, 1, batch, classes]);
  const logSource = softened(sources, [1, count, batch, classes]);
  return {
    temperature,
    logTarget,
    logSource,
    target: tf.exp(logTarget),
    source: tf.exp(logSource),
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
