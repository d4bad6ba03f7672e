import type { Architecture } from '../models/layers.ts';
import { statistics, tensors } from '../models/tensors.ts';
import { batchNormaliser, forward, runningNormaliser, unflatten } from './forward.ts';
import { graphLoss, rightness, type EdgeTensors } from './losses.ts';
import type { Normalised, Operations, Tensor, TF } from './ops.ts';

/** BatchNorm's momentum: running = 0.9 * running + 0.1 * batch (SPEC section 3). */
const STATISTICS_RATE = 0.1;

/** The state of one node as flat tensors (see NodeState). */
export interface NodeTensors {
  readonly parameters: Tensor;
  readonly momentum: Tensor;
  readonly statistics: Tensor;
}

/**
 * Inputs of a step besides the batch: [learning rate, momentum, weight decay] and [weight,
 * onlyCorrect, temperature] x nodes x (nodes + 1).
 */
export interface StepTensors {
  readonly rates: Tensor;
  readonly edges: Tensor;
}

export interface StepOutput {
  /** raw, gated, bothRight, nodeLoss, concatenated: see splitMetrics. */
  readonly metrics: Tensor;
  /** [nodes, batch, classes], train mode, before the update. */
  readonly logits: Tensor;
  /** Outputs of each node's stages, train mode: [batch, height, width, channels]. */
  readonly stages: readonly (readonly Tensor[])[];
  /** The nodes' next states. */
  readonly next: NodeTensors[];
}

/**
 * One step of collaborative training as a function of tensors (SPEC section 2): every node sees the
 * same batch, all losses use the same outputs, and every node's update uses its own loss alone.
 * Pure: the caller stores `next`. `frozen` nodes (by number from 0) keep their parameters and
 * momentum, and their gradients are not computed. Needs an enclosing tf.tidy; the caller keeps the
 * outputs.
 */
export function collaborativeStep(
  tf: TF,
  ops: Operations,
  models: readonly Architecture[],
  classes: number,
  states: readonly NodeTensors[],
  images: Tensor,
  labels: Tensor,
  inputs: StepTensors,
  frozen: readonly number[] = [],
): StepOutput {
  const specs = models.map((model) => tensors(model, classes));
  const weights = states.map((state, i) => unflatten(tf, state.parameters, specs[i]!));
  const [weight, onlyCorrect, temperature] = tf.unstack(inputs.edges) as [Tensor, Tensor, Tensor];
  const edges: EdgeTensors = { weight, onlyCorrect, temperature };

  const seen = models.map((): Normalised[] => []);
  let metrics!: Tensor;
  let logits!: Tensor;
  let stages!: Tensor[][];
  /** Computes one scalar from all forward passes; its gradient is each node's own loss gradient. */
  const objective = (...all: Tensor[]): Tensor => {
    let offset = 0;
    const outputs = models.map((model, i) => {
      const own = frozen.includes(i)
        ? weights[i]!
        : all.slice(offset, (offset += specs[i]!.length));
      const normalise = batchNormaliser(ops, (normalised) => seen[i]!.push(normalised));
      return forward(tf, ops, model, own, normalise, images);
    });
    stages = outputs.map((each) => each.stages.map((stage) => tf.keep(stage)));
    const join = tf.customGrad((...given) => {
      const nodeLogits = given.slice(0, models.length) as Tensor[];
      const save = given[models.length] as unknown as (tensors: Tensor[]) => void;
      const stacked = tf.stack(nodeLogits);
      const loss = graphLoss(tf, stacked, labels, edges);
      logits = tf.keep(stacked);
      metrics = tf.keep(
        tf.concat(
          [loss.raw, loss.gated, loss.bothRight, loss.nodeLoss].map((part) =>
            tf.reshape(part, [-1]),
          ),
        ),
      );
      save([loss.gradient]);
      const gradFunc = (_: Tensor, saved: Tensor[]): Tensor[] => tf.unstack(saved[0]!);
      return { value: tf.sum<never>(loss.nodeLoss), gradFunc };
    });
    return join(...outputs.map((each) => each.logits));
  };
  const gradients = tf.grads(objective)(
    weights.flatMap((own, i) => (frozen.includes(i) ? [] : own)),
  );

  const [learningRate, momentum, weightDecay] = tf.unstack(inputs.rates) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const nodeLoss = tf.unstack(tf.slice(metrics, metrics.size - models.length, models.length));
  let offset = 0;
  const next = states.map((state, i) => {
    const statistics = updateStatistics(tf, state.statistics, seen[i]!);
    if (frozen.includes(i)) return { ...state, statistics };
    const own = gradients.slice(offset, (offset += specs[i]!.length));
    const gradient = tf.concat(own.map((part) => tf.reshape(part, [-1])));
    const updated = update(tf, state, gradient, nodeLoss[i]!, {
      learningRate,
      momentum,
      weightDecay,
    });
    return { ...updated, statistics };
  });
  for (const one of seen.flat()) tf.dispose([one.mean, one.variance]);
  return { metrics, logits, stages, next };
}

/**
 * SGD with Nesterov momentum and coupled weight decay on all parameters: g = dL/dw + wd w; v = mu v
 * + g; w -= lr (g + mu v). A node with a loss of exactly 0 keeps w and v bit for bit: no decay, no
 * momentum.
 */
function update(
  tf: TF,
  state: NodeTensors,
  gradient: Tensor,
  loss: Tensor,
  rates: { learningRate: Tensor; momentum: Tensor; weightDecay: Tensor },
): Pick<NodeTensors, 'parameters' | 'momentum'> {
  const { parameters, momentum } = state;
  const g = tf.add(gradient, tf.mul(parameters, rates.weightDecay));
  const v = tf.add(tf.mul(momentum, rates.momentum), g);
  const direction = tf.add(g, tf.mul(v, rates.momentum));
  const stepped = tf.broadcastTo(tf.notEqual(loss, 0), parameters.shape);
  const moved = tf.sub(parameters, tf.mul(direction, rates.learningRate));
  return {
    parameters: tf.where(stepped, moved, parameters),
    momentum: tf.where(stepped, v, momentum),
  };
}

function updateStatistics(tf: TF, running: Tensor, seen: readonly Normalised[]): Tensor {
  const batch = tf.concat(seen.flatMap((one) => [one.mean, one.variance]));
  return tf.add(running, tf.mul(tf.sub(batch, running), STATISTICS_RATE));
}

/** Returns the logits [batch, classes] of one node in evaluation mode (running statistics). */
export function evaluationLogits(
  tf: TF,
  ops: Operations,
  model: Architecture,
  classes: number,
  state: Pick<NodeTensors, 'parameters' | 'statistics'>,
  images: Tensor,
): Tensor {
  const parameters = unflatten(tf, state.parameters, tensors(model, classes));
  const running = unflatten(tf, state.statistics, statistics(model));
  return forward(tf, ops, model, parameters, runningNormaliser(ops, running), images).logits;
}

/**
 * Returns correct predictions and summed cross-entropy [2] of logits [batch, classes]. Labels below
 * 0 are padding and do not count.
 */
export function score(tf: TF, logits: Tensor, labels: Tensor): Tensor {
  const counts = tf.cast(tf.greaterEqual(labels, 0), 'float32');
  const right = rightness(tf, logits, labels);
  const oneHot = tf.cast(tf.oneHot(labels as never, logits.shape[1]!), 'float32');
  const loss = tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits as never), oneHot), 1));
  return tf.stack([tf.sum(tf.mul(right, counts)), tf.sum(loss)]);
}
