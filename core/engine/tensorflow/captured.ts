import {
  type DirectBatch,
  type DirectResult,
  type Evaluation,
  EVALUATION_BATCH,
  type ImageSet,
  type NodeState,
  splitMetrics,
  type Step,
  type StepMetrics,
  type StepPlan,
  type TrainInput,
  withoutIdleFrozen,
} from '../engine.ts';
import { edgesShape, flatEdges, flatRates, imageShape } from '../flat.ts';
import type { Operations } from '../ops.ts';
import type { TensorFlow } from './binding.ts';
import { bytesAndIntegers } from './gather.ts';
import { name, type RecordOptions, recordStep, stageNames } from './record-step.ts';
import { noKernels, type OwnKernels, withOwnKernels } from './own-kernels.ts';
import { recording } from './recordings.ts';
import { serialise } from './saved-model.ts';
import { directResult, type Feed, StepSession } from './session.ts';

export interface CaptureOptions {
  /** Activations and their gradients in bfloat16. */
  readonly bfloat16?: boolean;
  /** Operations of ours that the process has loaded; default none. */
  readonly kernels?: OwnKernels;
}

/**
 * The step as one session of TensorFlow: every training step is a single call. TensorFlow runs only
 * the operations that the fetches need, so an untrained node costs its forward pass alone, and one
 * step serves every choice of frozen nodes.
 */
export function captureStep(
  tensorflow: TensorFlow,
  ops: Operations,
  given: StepPlan,
  { bfloat16 = false, kernels = noKernels }: CaptureOptions = {},
): Step {
  const plan = withoutIdleFrozen(given);
  const options: RecordOptions = {
    ops,
    stored: bytesAndIntegers,
    shortened: bfloat16 ? 'maps' : 'none',
    evaluationBatch: EVALUATION_BATCH,
  };
  const graph = recording(
    { kind: 'session', bfloat16, ...kernels, evaluationBatch: EVALUATION_BATCH },
    plan,
    () => {
      const nodes = withOwnKernels(recordStep(tensorflow, plan, options), kernels);
      return serialise({ nodes, functions: [] });
    },
  );
  return new CapturedStep(plan, new StepSession(tensorflow, plan, graph));
}

class CapturedStep implements Step {
  readonly plan: StepPlan;
  readonly stepsPerCall = 1;
  private readonly session: StepSession;

  constructor(plan: StepPlan, session: StepSession) {
    this.plan = plan;
    this.session = session;
  }

  load(set: ImageSet): void {
    this.session.load(set);
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  train(input: TrainInput): StepMetrics {
    const codes: Feed = [name.codes, [this.plan.batch, 4], input.codes];
    const fetches = [name.metrics, ...this.updates(input.trained)];
    const [metrics] = this.session.call([codes, ...this.settings(input)], fetches);
    return splitMetrics(metrics as Float32Array, this.plan);
  }

  trainMany(inputs: readonly TrainInput[]): StepMetrics[] {
    return inputs.map((input) => this.train(input));
  }

  trainDirect(batch: DirectBatch, input: Omit<TrainInput, 'codes'>): DirectResult {
    const images: Feed = [name.trainImages, imageShape(this.plan, this.plan.batch), batch.images];
    const labels: Feed = [name.trainLabels, [this.plan.batch], batch.labels];
    const resultNames = [name.metrics, name.trainLogits, ...stageNames(this.plan).flat()];
    const feeds = [images, labels, ...this.settings(input)];
    const values = this.session.call(feeds, [...resultNames, ...this.updates(input.trained)]);
    return directResult(values, this.plan);
  }

  evaluate(indices: Int32Array, nodes: readonly number[]): Evaluation {
    return this.session.evaluate(indices, nodes, EVALUATION_BATCH);
  }

  logits(batch: DirectBatch): Float32Array {
    return this.session.logits(batch, EVALUATION_BATCH);
  }

  read(node: number): NodeState {
    return this.session.read(node);
  }

  write(node: number, state: NodeState): void {
    this.session.write(node, state);
  }

  dispose(): void {
    this.session.dispose();
  }

  /**
   * Statistics change with every batch, in frozen nodes too unless the plan names them; parameters
   * only in trained nodes.
   */
  private updates(trained: readonly number[]): string[] {
    const { architectures, frozen = [] } = this.plan;
    const observed = [...architectures.keys()].filter((node) => !frozen.includes(node));
    return [...observed.map(name.observe), ...trained.map(name.update)];
  }

  private settings({ rates, edges }: Omit<TrainInput, 'codes'>): Feed[] {
    return [
      [name.rates, [3], flatRates(rates)],
      [name.edges, edgesShape(this.plan), flatEdges(edges)],
    ];
  }
}
