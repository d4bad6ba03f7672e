import {
  type DirectBatch,
  type DirectResult,
  type Evaluation,
  EVALUATION_BATCH,
  type ImageSet,
  type NodeState,
  rowsOf,
  splitMetrics,
  type Step,
  type StepMetrics,
  type StepPlan,
  type TrainInput,
  withoutIdleFrozen,
} from './engine.ts';
import { ensembleLogits } from './ensemble.ts';
import {
  checkImages,
  checkState,
  edgesShape,
  flatEdges,
  flatRates,
  imageShape,
  stateParts,
} from './flat.ts';
import type { Operations, Tensor, TF } from './ops.ts';
import { collaborativeStep, evaluationLogits, type NodeTensors, score } from './step.ts';

/** Images and labels as tensors, images in [0, 1]. */
export interface Batch {
  readonly images: Tensor;
  readonly labels: Tensor;
}

/** Source of an eager step's batches; each engine stores the images differently. */
export interface BatchSource {
  load(set: ImageSet): void;
  /** codes: batch x 4 integers (see TrainInput). */
  training(codes: Int32Array): Batch;
  /** Labels are -1 for padding (index -1). */
  evaluation(indices: Int32Array): Batch;
  dispose(): void;
}

/**
 * Runs the step operation by operation: TensorFlow's debugging path and the portable engine's only
 * path.
 */
export class EagerStep implements Step {
  readonly plan: StepPlan;
  readonly stepsPerCall = 1;
  private readonly tf: TF;
  private readonly ops: Operations;
  private readonly source: BatchSource;
  private readonly states: (NodeTensors | undefined)[];

  constructor(tf: TF, ops: Operations, plan: StepPlan, source: BatchSource) {
    this.tf = tf;
    this.ops = ops;
    this.plan = withoutIdleFrozen(plan);
    this.source = source;
    this.states = plan.architectures.map(() => undefined);
  }

  load(set: ImageSet): void {
    checkImages(this.plan, set);
    this.source.load(set);
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  train(input: TrainInput): StepMetrics {
    return this.scoped(() => this.run(this.source.training(input.codes), input).metrics);
  }

  trainMany(inputs: readonly TrainInput[]): StepMetrics[] {
    return inputs.map((input) => this.train(input));
  }

  trainDirect(batch: DirectBatch, input: Omit<TrainInput, 'codes'>): DirectResult {
    return this.scoped(() => this.run(this.direct(batch), input, true));
  }

  evaluate(indices: Int32Array, nodes: readonly number[]): Evaluation {
    const right = nodes.map(() => 0);
    const loss = nodes.map(() => 0);
    for (let start = 0; start < indices.length; start += EVALUATION_BATCH) {
      this.tf.tidy(() => {
        const { images, labels } = this.source.evaluation(
          indices.slice(start, start + EVALUATION_BATCH),
        );
        const logits = this.evaluationLogits(nodes, images);
        for (const i of nodes.keys()) {
          const values = score(this.tf, logits[i]!, labels).dataSync();
          right[i]! += values[0]!;
          loss[i]! += values[1]!;
        }
      });
    }
    return { right, loss };
  }

  logits(batch: DirectBatch): Float32Array {
    return this.scoped(() => {
      const { images } = this.direct(batch);
      const rows = Array.from({ length: rowsOf(this.plan) }, (_, row) => row);
      return this.tf.stack(this.evaluationLogits(rows, images)).dataSync() as Float32Array;
    });
  }

  read(node: number): NodeState {
    const state = this.state(node);
    const [parameters, momentum, statistics] = stateParts.map((part) =>
      Float32Array.from(state[part].dataSync()),
    );
    return { parameters: parameters!, momentum: momentum!, statistics: statistics! };
  }

  write(node: number, state: NodeState): void {
    checkState(this.plan, node, state);
    this.replace(node, {
      parameters: this.tf.tensor1d(state.parameters),
      momentum: this.tf.tensor1d(state.momentum),
      statistics: this.tf.tensor1d(state.statistics),
    });
  }

  dispose(): void {
    for (const state of this.states) if (state) this.tf.dispose(Object.values(state) as Tensor[]);
    this.source.dispose();
  }

  /** tf.tidy for results without tensors. */
  private scoped<T>(compute: () => T): T {
    let result!: T;
    this.tf.tidy(() => {
      result = compute();
    });
    return result;
  }

  /** @param withStages also copies the outputs of the stages to the host, which is slow */
  private run(batch: Batch, input: Omit<TrainInput, 'codes'>, withStages = false): DirectResult {
    const { tf, ops, plan } = this;
    const edges = tf.tensor3d(flatEdges(input.edges), edgesShape(plan));
    const rates = tf.tensor1d(flatRates(input.rates));
    const states = this.states.map((_, node) => this.state(node));
    const step = collaborativeStep(tf, ops, plan, states, { ...batch, rates, edges });
    for (const [node, next] of step.next.entries()) {
      const { parameters, momentum } = input.trained.includes(node) ? next : states[node]!;
      this.replace(node, { parameters, momentum, statistics: next.statistics });
    }
    const metrics = splitMetrics(step.metrics.dataSync() as Float32Array, plan);
    const logits = step.logits.dataSync() as Float32Array;
    const read = (tensor: Tensor): Float32Array => tensor.dataSync() as Float32Array;
    const stages = withStages ? step.stages.map((each) => each.map(read)) : [];
    tf.dispose([step.metrics, step.logits, ...step.stages.flat()]);
    return { metrics, logits, stages };
  }

  /** Returns the logits of rows (nodes, or the ensemble after the last one) in evaluation mode. */
  private evaluationLogits(rows: readonly number[], images: Tensor): Tensor[] {
    const { tf, ops, plan } = this;
    const known = new Map<number, Tensor>();
    const logits = (node: number): Tensor => {
      const found =
        known.get(node) ?? evaluationLogits(tf, ops, plan, node, this.state(node), images);
      known.set(node, found);
      return found;
    };
    return rows.map((row) => {
      const { architectures, ensemble } = plan;
      if (!ensemble || row < architectures.length) return logits(row);
      const votes = architectures.map((_, node) =>
        ensemble.voters.includes(node) ? logits(node) : tf.scalar(0),
      );
      return ensembleLogits(tf, votes, ensemble);
    });
  }

  private direct(batch: DirectBatch): Batch {
    const images = this.tf.tensor4d(batch.images, imageShape(this.plan, batch.labels.length));
    return { images, labels: this.tf.tensor1d(batch.labels, 'int32') };
  }

  private state(node: number): NodeTensors {
    const state = this.states[node];
    if (!state) throw new Error(`Node ${node + 1} has no state yet: write it first.`);
    return state;
  }

  private replace(node: number, next: NodeTensors): void {
    const old = this.states[node];
    this.states[node] = next;
    for (const part of stateParts) {
      this.tf.keep(next[part]);
      if (old && old[part] !== next[part]) old[part].dispose();
    }
  }
}
