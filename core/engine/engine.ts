import { type Crop, paperPadding } from '../data/batches.ts';
import type { KindName } from '../kinds/kinds.ts';
import type { Architecture } from '../models/layers.ts';
import type { Computation } from '../study/computation.ts';

/**
 * Engines: `tensorflow` captures the step, `eager` is its debugging path, `portable` runs
 * everywhere.
 */
export type EngineName = 'tensorflow' | 'eager' | 'portable';
export const engineNames: readonly EngineName[] = ['tensorflow', 'eager', 'portable'];

/** Name and versions of an engine; recorded with every number. */
export interface EngineInfo {
  readonly name: EngineName;
  /** `TensorFlow 2.21.0`, `tfjs WASM 4.22.0`. */
  readonly version: string;
  /** `CPU, 2 threads`. */
  readonly device: string;
  /** Threads of one operation on a processor; other numbers of them give other bits. */
  readonly threads?: number;
  /** Precision and compiler; absent for the portable engine, which has only one way. */
  readonly computation?: Computation;
  /** The kernels that compute on a processor; absent where ours are never used. */
  readonly kernels?: string;
  /** A note for the user, if any (`The portable engine is much slower than TensorFlow.`). */
  readonly note?: string;
}

/** A set of images: N x side x side x 3 bytes (NHWC) and N class numbers. */
export interface ImageSet {
  readonly images: Uint8Array;
  readonly labels: Int32Array;
}

/** A node without parameters, whose logits combine those of its voters. */
export interface EnsemblePlan {
  /** Nodes by number from 0. */
  readonly voters: readonly number[];
  /** Mean of the logits, or logarithm of the mean softmax. */
  readonly combine: 'logits' | 'probabilities';
}

/** Parts of a recipe that change the computation of a step. */
export interface StepForm {
  /** False: w -= lr v instead of w -= lr (g + mu v). */
  readonly nesterov: boolean;
  /** How frozen nodes normalise; in `eval` their running statistics stay as they are. */
  readonly frozenMode: 'train' | 'eval';
  readonly crop: Crop;
  /** Mean and standard deviation per channel of images in [0, 1]; null leaves them in [0, 1]. */
  readonly normalise: ChannelStatistics | null;
}

export interface ChannelStatistics {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** The form of the paper's recipe. */
const paperForm: StepForm = {
  nesterov: true,
  frozenMode: 'train',
  crop: paperPadding,
  normalise: null,
};

/**
 * Everything that a compiled step depends on. Gates, weights, temperatures, the kind of each edge
 * and rates are inputs of the step instead (SPEC section 2).
 */
export interface StepPlan {
  /** All for images of one size. */
  readonly architectures: readonly Architecture[];
  readonly classes: number;
  /** Images in a training batch. */
  readonly batch: number;
  /**
   * Nodes (by number from 0) that are never updated: a compiled program omits their backward pass.
   */
  readonly frozen?: readonly number[];
  /** Kinds of edges that the step knows besides the usual one, in the order of `kindNames`. */
  readonly kinds?: readonly KindName[];
  readonly ensemble?: EnsemblePlan;
  /** What differs from `paperForm`. */
  readonly form?: Partial<StepForm>;
}

export const formOf = ({ form }: StepPlan): StepForm => ({ ...paperForm, ...form });

/** Returns the columns of a step's matrices: the label, the nodes, the ensemble. */
export const columnsOf = ({ architectures, ensemble }: StepPlan): number =>
  architectures.length + (ensemble ? 2 : 1);

/** Returns the rows of a step's logits: the nodes, then the ensemble. */
export const rowsOf = (plan: StepPlan): number => columnsOf(plan) - 1;

/**
 * Returns the plan for engines that skip what is not needed by themselves: frozen nodes matter only
 * where they normalise in another way.
 */
export const withoutIdleFrozen = ({ frozen, ...plan }: StepPlan): StepPlan =>
  formOf(plan).frozenMode === 'eval' && frozen ? { ...plan, frozen } : plan;

/** Returns a text that is equal for plans with the same computation. */
export function planKey(plan: StepPlan): string {
  const { architectures, classes, batch, frozen = [], kinds = [], ensemble } = plan;
  const networks = architectures.map(({ name, side }) => [name, side]);
  return JSON.stringify([networks, classes, batch, frozen, kinds, ensemble ?? null, formOf(plan)]);
}

/** Images in one evaluation call; the last call of a set is padded. */
export const EVALUATION_BATCH = 200;

/** Learning rate, momentum and weight decay of one update (SPEC section 3). */
export interface Rates {
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

/**
 * The edges of a graph as data: matrices of nodes x columns, row = destination, column = source;
 * column 0 is the label, the last one the ensemble where there is one. Edge e contributes weight_e
 * * mean_n(loss_n * (1 - onlyCorrect_e + onlyCorrect_e * correct_s,n)).
 */
export interface EdgeInputs {
  /** The edge's own weight times its gate's. */
  readonly weight: Float32Array;
  /** 1 to count only samples that the source classifies correctly, else 0. */
  readonly onlyCorrect: Float32Array;
  /** T of the softened answers on a network edge; ignored on label edges. */
  readonly temperature: Float32Array;
  /** 1 where the mean runs over the correct samples alone; absent: nowhere. */
  readonly overCorrect?: Float32Array;
  /** The edge's kind by number (`kindIndex`), which the plan must list; absent: the usual one. */
  readonly kind?: Float32Array;
}

export interface TrainInput {
  /** Batch x 4 integers: image, flip (0/1), row offset and column offset (0..8) of the crop. */
  readonly codes: Int32Array;
  readonly rates: Rates;
  readonly edges: EdgeInputs;
  /** Updated nodes (by number from 0); the others only run forward, in training mode. */
  readonly trained: readonly number[];
}

/** Metrics of one step, per edge (matrices like those of `EdgeInputs`) and per node. */
export interface StepMetrics {
  /** Mean loss of an edge before its gate; computed for cut-off edges too. */
  readonly raw: Float32Array;
  /** Contribution of an edge to the loss of its destination. */
  readonly gated: Float32Array;
  /**
   * Samples of the batch that both source and destination classify correctly (the label always
   * does).
   */
  readonly bothRight: Float32Array;
  /** Per node: sum of the gated losses of its edges. Exactly 0 means no update. */
  readonly nodeLoss: Float32Array;
  /** Samples that each source (column) classifies correctly. */
  readonly sourceRight: Float32Array;
}

/** Images instead of codes, for parity checks with formula images. */
export interface DirectBatch {
  /** Batch x side x side x 3, in [0, 1]. */
  readonly images: Float32Array;
  readonly labels: Int32Array;
}

/** Result of a training step on a direct batch. */
export interface DirectResult {
  readonly metrics: StepMetrics;
  /** Nodes (then the ensemble) x batch x classes, train mode, before the update. */
  readonly logits: Float32Array;
  /** By node, then stage (see `stageSizes`): its output, batch x side x side x channels. */
  readonly stages: readonly (readonly Float32Array[])[];
}

/**
 * State of a node that training changes, each vector concatenated in canonical order (core/models).
 */
export interface NodeState {
  readonly parameters: Float32Array;
  readonly momentum: Float32Array;
  /** Running mean and variance of every batch norm. */
  readonly statistics: Float32Array;
}

/** Correct predictions and summed cross-entropy of each node over the evaluated images. */
export interface Evaluation {
  readonly right: number[];
  readonly loss: number[];
}

/**
 * One compiled collaborative step: all forward passes, all losses from the same outputs, then all
 * updates at once. Owns the state of its nodes; everything is released by `dispose`.
 */
export interface Step {
  readonly plan: StepPlan;
  /** Sets the images that codes refer to, until the next call. */
  load(set: ImageSet): void;
  /**
   * Compiles now what would make the first calls slow: seconds to a minute. Changes no state;
   * images and states must be set before.
   *
   * @param compiling called before a compilation starts
   */
  prepare(compiling?: () => void): Promise<void>;
  train(input: TrainInput): StepMetrics;
  /**
   * Steps of one `trainMany` call: 1 when a call costs nothing, many when calls from the host are
   * slow.
   */
  readonly stepsPerCall: number;
  /**
   * Equals `train` of each input in turn, all at the same rates; returns the metrics of every step.
   */
  trainMany(inputs: readonly TrainInput[]): StepMetrics[];
  /**
   * Evaluates some nodes (numbers from 0; the ensemble has the number after the last) on some images
   * with running statistics; every image counts once.
   */
  evaluate(indices: Int32Array, nodes: readonly number[]): Evaluation;
  read(node: number): NodeState;
  write(node: number, state: NodeState): void;
  /** Like `train`, on a direct batch. For parity checks. */
  trainDirect(batch: DirectBatch, input: Omit<TrainInput, 'codes'>): DirectResult;
  /** Logits in evaluation mode, nodes (then the ensemble) x batch x classes. For parity checks. */
  logits(batch: DirectBatch): Float32Array;
  dispose(): void;
}

export interface Engine {
  readonly info: EngineInfo;
  compile(plan: StepPlan): Promise<Step>;
  /** Live tensors and loaded sessions, for leak tests. */
  counts(): { tensors: number; sessions: number };
  dispose(): void;
}

/** Numbers in the flat metrics of a step. */
export const metricsSize = (plan: StepPlan): number =>
  plan.architectures.length * (3 * columnsOf(plan) + 1) + columnsOf(plan);

/**
 * Splits the flat metrics of a step: raw, gated, bothRight (each nodes x columns), then nodeLoss and
 * sourceRight.
 */
export function splitMetrics(flat: Float32Array, plan: StepPlan): StepMetrics {
  const nodes = plan.architectures.length;
  const edges = nodes * columnsOf(plan);
  return {
    raw: flat.slice(0, edges),
    gated: flat.slice(edges, 2 * edges),
    bothRight: flat.slice(2 * edges, 3 * edges),
    nodeLoss: flat.slice(3 * edges, 3 * edges + nodes),
    sourceRight: flat.slice(3 * edges + nodes, metricsSize(plan)),
  };
}
