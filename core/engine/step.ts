import type { Architecture } from '../models/layers.ts';
import { statistics, tensors } from '../models/tensors.ts';
import { type ChannelStatistics, columnsOf, formOf, type StepPlan } from './engine.ts';
import { batchNormaliser, forward, type Outputs, runningNormaliser, unflatten } from './forward.ts';
import { mapKinds } from './kinds/kinds.ts';
import { type EdgeTensors, type GraphLoss, graphLoss, rightness } from './losses.ts';
import type { Normalised, Operations, Tensor, TF } from './ops.ts';

/** BatchNorm's momentum: running = 0.9 * running + 0.1 * batch (SPEC section 3). */
const STATISTICS_RATE = 0.1;

/** The state of one node as flat tensors (see NodeState). */
export interface NodeTensors {
  readonly parameters: Tensor;
  readonly momentum: Tensor;
  readonly statistics: Tensor;
}

/** Inputs of a step besides its states. */
export interface StepTensors {
  /** [batch, side, side, 3] in [0, 1] */
  readonly images: Tensor;
  /** [batch] */
  readonly labels: Tensor;
  /** [learning rate, momentum, weight decay] */
  readonly rates: Tensor;
  /** `edgesShape` */
  readonly edges: Tensor;
}

export interface StepOutput {
  /** See splitMetrics. */
  readonly metrics: Tensor;
  /** [nodes (then the ensemble), batch, classes], train mode, before the update. */
  readonly logits: Tensor;
  /** Outputs of each node's stages, train mode: [batch, height, width, channels]. */
  readonly stages: readonly (readonly Tensor[])[];
  /** The nodes' next states. */
  readonly next: NodeTensors[];
}

/** Kept tensors of a step's losses. */
type Losses = Pick<StepOutput, 'metrics' | 'logits'>;
type Save = (tensors: Tensor[]) => void;

/**
 * One step of collaborative training as a function of tensors (SPEC section 2): every node sees the
 * same batch, all losses use the same outputs, and every node's update uses its own loss alone.
 * Pure: the caller stores `next`. Frozen nodes of the plan keep their parameters and momentum, and
 * their gradients are not computed. Needs an enclosing tf.tidy; the caller keeps the outputs.
 */
export function collaborativeStep(
  tf: TF,
  ops: Operations,
  plan: StepPlan,
  states: readonly NodeTensors[],
  inputs: StepTensors,
): StepOutput {
  const { architectures: models, classes, frozen = [] } = plan;
  const fixed = formOf(plan).frozenMode === 'eval' ? frozen : [];
  const specs = models.map((model) => tensors(model, classes));
  const weights = states.map((state, i) => unflatten(tf, state.parameters, specs[i]!));
  const images = normalised(tf, inputs.images, formOf(plan).normalise);

  const seen = models.map((): Normalised[] => []);
  const run = (node: number, parameters: readonly Tensor[]): Outputs => {
    const model = models[node]!;
    const normalise = fixed.includes(node)
      ? runningNormaliser(ops, unflatten(tf, states[node]!.statistics, statistics(model)))
      : batchNormaliser(ops, (one) => seen[node]!.push(one));
    return forward(tf, ops, model, parameters, normalise, images);
  };
  let losses!: Losses;
  let stages!: Tensor[][];
  /** Computes one scalar from all forward passes; its gradient is each node's own loss gradient. */
  const objective = (...all: Tensor[]): Tensor => {
    let offset = 0;
    const outputs = models.map((_, i) =>
      run(i, frozen.includes(i) ? weights[i]! : all.slice(offset, (offset += specs[i]!.length))),
    );
    stages = outputs.map((each) => each.stages.map((stage) => tf.keep(stage)));
    return joined(tf, plan, outputs, inputs, (found) => (losses = found));
  };
  const gradients = tf.grads(objective)(
    weights.flatMap((own, i) => (frozen.includes(i) ? [] : own)),
  );
  const { metrics, logits } = losses;
  const next = updates(tf, plan, states, gradients, nodeLosses(tf, plan, metrics), inputs.rates);
  return {
    metrics,
    logits,
    stages,
    next: next.map((state, i) =>
      fixed.includes(i)
        ? state
        : { ...state, statistics: updateStatistics(tf, state.statistics, seen[i]!) },
    ),
  };
}

/** Joins all networks in one value with the gradient of every node's own loss. */
function joined(
  tf: TF,
  plan: StepPlan,
  outputs: readonly Outputs[],
  { labels, edges }: StepTensors,
  found: (losses: Losses) => void,
): Tensor {
  const { frozen = [], kinds = [], ensemble } = plan;
  const nodes = outputs.length;
  const comparesStages = mapKinds(kinds).length > 0;
  const learning = outputs.flatMap(({ stages }, node) =>
    comparesStages && !frozen.includes(node) ? stages : [],
  );
  const join = tf.customGrad((...given) => {
    const logits = tf.stack(given.slice(0, nodes) as Tensor[]);
    const save = given.at(-1) as unknown as Save;
    const maps = { stages: outputs.map(({ stages }) => stages), frozen };
    const loss = graphLoss(tf, {
      ...{ logits, labels, kinds, edges: edgeTensors(tf, edges) },
      ...(ensemble && { ensemble }),
      ...(comparesStages && { maps }),
    });
    found(keptLosses(tf, logits, loss));
    const slopes = loss.stageGradients.flatMap((each, node) =>
      frozen.includes(node)
        ? []
        : each.map((slope, place) => slope ?? tf.zerosLike(outputs[node]!.stages[place]!)),
    );
    save([loss.gradient, ...slopes]);
    const gradFunc = (_: Tensor, [own, ...others]: Tensor[]): Tensor[] => [
      ...tf.unstack(own!),
      ...others,
    ];
    return { value: tf.sum<never>(loss.nodeLoss), gradFunc };
  });
  return join(...outputs.map((each) => each.logits), ...learning);
}

function edgeTensors(tf: TF, edges: Tensor): EdgeTensors {
  const [weight, onlyCorrect, temperature, overCorrect, kind] = tf.unstack(edges) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  return { weight, onlyCorrect, temperature, overCorrect, kind };
}

function keptLosses(tf: TF, logits: Tensor, loss: GraphLoss): Losses {
  const parts = [loss.raw, loss.gated, loss.bothRight, loss.nodeLoss, loss.sourceRight];
  const all = loss.ensemble ? tf.concat([logits, tf.expandDims(loss.ensemble, 0)], 0) : logits;
  return {
    metrics: tf.keep(tf.concat(parts.map((part) => tf.reshape(part, [-1])))),
    logits: tf.keep(all),
  };
}

function nodeLosses(tf: TF, plan: StepPlan, metrics: Tensor): Tensor[] {
  const nodes = plan.architectures.length;
  return tf.unstack(tf.slice(metrics, metrics.size - columnsOf(plan) - nodes, nodes));
}

/** Returns the next parameters and momentum of every node; statistics stay. */
function updates(
  tf: TF,
  plan: StepPlan,
  states: readonly NodeTensors[],
  gradients: readonly Tensor[],
  losses: readonly Tensor[],
  rates: Tensor,
): NodeTensors[] {
  const { architectures, classes, frozen = [] } = plan;
  const [learningRate, momentum, weightDecay] = tf.unstack(rates) as [Tensor, Tensor, Tensor];
  let offset = 0;
  return states.map((state, i) => {
    if (frozen.includes(i)) return state;
    const { length } = tensors(architectures[i]!, classes);
    const own = gradients.slice(offset, (offset += length));
    const gradient = tf.concat(own.map((part) => tf.reshape(part, [-1])));
    const { nesterov } = formOf(plan);
    const settings = { learningRate, momentum, weightDecay, nesterov };
    return { ...state, ...update(tf, state, gradient, losses[i]!, settings) };
  });
}

/**
 * SGD with momentum and coupled weight decay on all parameters: g = dL/dw + wd w; v = mu v + g; w
 * -= lr (g + mu v) with Nesterov, w -= lr v without. A node with a loss of exactly 0 keeps w and v
 * bit for bit: no decay, no momentum.
 */
function update(
  tf: TF,
  state: NodeTensors,
  gradient: Tensor,
  loss: Tensor,
  rates: { learningRate: Tensor; momentum: Tensor; weightDecay: Tensor; nesterov: boolean },
): Pick<NodeTensors, 'parameters' | 'momentum'> {
  const { parameters, momentum } = state;
  const g = tf.add(gradient, tf.mul(parameters, rates.weightDecay));
  const v = tf.add(tf.mul(momentum, rates.momentum), g);
  const direction = rates.nesterov ? tf.add(g, tf.mul(v, rates.momentum)) : v;
  const stepped = tf.broadcastTo(tf.notEqual(loss, 0), parameters.shape);
  const moved = tf.sub(parameters, tf.mul(direction, rates.learningRate));
  return {
    parameters: tf.where(stepped, moved, parameters),
    momentum: tf.where(stepped, v, momentum),
  };
}

/** Returns the next running statistics and releases those of the batch. */
function updateStatistics(tf: TF, running: Tensor, seen: readonly Normalised[]): Tensor {
  const batch = tf.concat(seen.flatMap((one) => [one.mean, one.variance]));
  const next = tf.add(running, tf.mul(tf.sub(batch, running), STATISTICS_RATE));
  for (const one of seen) tf.dispose([one.mean, one.variance]);
  return next;
}

/** Returns images in [0, 1] by the recipe's mean and standard deviation. */
function normalised(tf: TF, images: Tensor, by: ChannelStatistics | null): Tensor {
  if (!by) return images;
  const scale = by.std.map((std) => 1 / std);
  return tf.mul(tf.sub(images, tf.tensor1d([...by.mean])), tf.tensor1d(scale));
}

/** Returns the logits [batch, classes] of one node in evaluation mode (running statistics). */
export function evaluationLogits(
  tf: TF,
  ops: Operations,
  plan: StepPlan,
  node: number,
  state: Pick<NodeTensors, 'parameters' | 'statistics'>,
  images: Tensor,
): Tensor {
  const model: Architecture = plan.architectures[node]!;
  const parameters = unflatten(tf, state.parameters, tensors(model, plan.classes));
  const running = unflatten(tf, state.statistics, statistics(model));
  const seen = normalised(tf, images, formOf(plan).normalise);
  return forward(tf, ops, model, parameters, runningNormaliser(ops, running), seen).logits;
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
