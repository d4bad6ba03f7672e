import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import {
  type DirectBatch,
  type DirectResult,
  type Evaluation,
  type ImageSet,
  metricsSize,
  type NodeState,
  type Rates,
  splitMetrics,
  type Step,
  type StepMetrics,
  type StepPlan,
  type TrainInput,
} from '../engine.ts';
import { whileBlocked } from '../blocked.ts';
import { withLock } from '../../base/lock.js';
import { edgesShape, flatEdges, flatRates, imageShape } from '../flat.ts';
import { isOutOfMemory } from '../memory.ts';
import { sizeOf } from '../../models/tensors.ts';
import type { Operations } from '../ops.ts';
import type { TensorFlow } from './binding.ts';
import { compiledGraph, directFetches, history } from './compiled-graph.ts';
import { halvesAndFloats } from './gather.ts';
import { allOf } from './loop.ts';
import { restoreAbandoned, retryWithoutPrograms } from './compile-cache.ts';
import { name, recordStep } from './record-step.ts';
import { recording } from './recordings.ts';
import { serialise } from './saved-model.ts';
import { directResult, type Feed, StepSession } from './session.ts';

/** Everything that a compiled step depends on besides its plan. */
export interface CompileOptions {
  /** Convolutions and matrix products in bfloat16; weights, batch norms and losses stay float32. */
  readonly bfloat16: boolean;
  /** Most steps of one call. From 2 on, a loop inside the compiled program runs them. */
  readonly stepsPerCall: number;
  /** Images in one call of evaluation. */
  readonly evaluationBatch: number;
  /** Folder of XLA's compiled programs; null for none. */
  readonly cache: string | null;
}

/**
 * The step as functions that XLA compiles as a whole, all nodes together: training (gather,
 * augmentation, losses, updates; many steps in a loop) and evaluation. The first call of each
 * compiles it. Gates, rates and weights are data, so one compilation serves all graphs with these
 * architectures and these frozen nodes, whose backward pass it omits. `ops` must be correct under
 * XLA (`compilableOperations`).
 */
export function compileStep(
  tensorflow: TensorFlow,
  ops: Operations,
  plan: StepPlan,
  options: CompileOptions,
): Step {
  const { bfloat16, stepsPerCall, evaluationBatch } = options;
  const graph = recording(
    { kind: 'compiled', bfloat16, stepsPerCall, evaluationBatch },
    plan,
    () => {
      const recorded = recordStep(tensorflow, plan, {
        ops,
        stored: halvesAndFloats,
        shortened: bfloat16 ? 'products' : 'none',
        evaluationBatch,
      });
      return serialise(compiledGraph(recorded, plan, options));
    },
  );
  return new CompiledStep(plan, new StepSession(tensorflow, plan, graph), options);
}

/** Returns a step over the first image with all edges Cutoff. */
function inertInput(plan: StepPlan): TrainInput {
  const [, nodes, columns] = edgesShape(plan);
  const nothing = new Float32Array(nodes * columns);
  const edges = { weight: nothing, onlyCorrect: nothing, temperature: nothing.map(() => 1) };
  const rates = { learningRate: 0, momentum: 0, weightDecay: 0 };
  return { codes: new Int32Array(plan.batch * 4), rates, edges, trained: [] };
}

/**
 * The edges already decide which nodes are trained: a node without an open edge has a loss of
 * exactly 0 and keeps its weights bit for bit. A frozen node in the plan only saves computation.
 */
class CompiledStep implements Step {
  readonly plan: StepPlan;
  readonly stepsPerCall: number;
  private readonly session: StepSession;
  private readonly evaluationBatch: number;
  private readonly cache: string | null;
  /** The compiled program depends on the number of loaded images. */
  private prepared = false;
  private images = 0;

  constructor(
    plan: StepPlan,
    session: StepSession,
    { stepsPerCall, evaluationBatch, cache }: CompileOptions,
  ) {
    this.plan = plan;
    this.session = session;
    this.stepsPerCall = stepsPerCall;
    this.evaluationBatch = evaluationBatch;
    this.cache = cache;
  }

  load(set: ImageSet): void {
    this.prepared &&= set.labels.length === this.images;
    this.images = set.labels.length;
    this.session.load(set);
  }

  /**
   * One of several workers with the same program compiles it; the others wait and read it from the
   * disk. So the work is done once, and kernels are timed without competing workers.
   */
  async prepare(compiling?: () => void): Promise<void> {
    if (this.prepared) return;
    compiling?.();
    await setImmediate(); // delivers the message before this process blocks
    if (this.cache === null) await this.compile();
    else await withLock(join(this.cache, `${this.session.digest}.lock`), () => this.compile());
    this.prepared = true;
  }

  private async compile(): Promise<void> {
    const names = this.plan.architectures.map(({ title }) => title).join(' + ');
    const { cache } = this;
    if (cache !== null) restoreAbandoned(cache);
    await whileBlocked(`compiling ${names}`, () => {
      try {
        this.callAll();
      } catch (error) {
        if (cache === null || isOutOfMemory(error)) throw error;
        // A cache entry may be damaged, or another worker may write the same file: XLA reports both
        // as errors of the step.
        retryWithoutPrograms(cache, () => {
          this.session.reopen();
          this.callAll();
        });
      }
    });
  }

  /** Calls every training program once, without an effect. */
  private callAll(): void {
    const nothing = inertInput(this.plan);
    if (this.stepsPerCall > 1)
      this.call([], nothing.rates); // a loop of no steps
    else {
      const states = this.plan.architectures.map((_, node) => this.read(node));
      this.call([nothing], nothing.rates);
      for (const [node, state] of states.entries()) this.write(node, state);
    }
    this.evaluate(Int32Array.of(-1), [0]); // padding alone
  }

  train(input: TrainInput): StepMetrics {
    return this.trainMany([input])[0]!;
  }

  trainMany(inputs: readonly TrainInput[]): StepMetrics[] {
    const metrics: StepMetrics[] = [];
    for (let start = 0; start < inputs.length; start += this.stepsPerCall)
      metrics.push(
        ...this.call(inputs.slice(start, start + this.stepsPerCall), inputs[start]!.rates),
      );
    return metrics;
  }

  trainDirect(batch: DirectBatch, input: Omit<TrainInput, 'codes'>): DirectResult {
    const feeds: Feed[] = [
      [name.trainImages, imageShape(this.plan, this.plan.batch), batch.images],
      [name.trainLabels, [this.plan.batch], batch.labels],
      [name.rates, [3], flatRates(input.rates)],
      [name.edges, edgesShape(this.plan), flatEdges(input.edges)],
    ];
    return directResult(this.session.call(feeds, directFetches(this.plan)), this.plan);
  }

  evaluate(indices: Int32Array, nodes: readonly number[]): Evaluation {
    return this.session.evaluate(indices, nodes, this.evaluationBatch);
  }

  logits(batch: DirectBatch): Float32Array {
    return this.session.logits(batch, this.evaluationBatch);
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

  /** Runs up to `stepsPerCall` steps; feeds after the last step are never read. */
  private call(inputs: readonly TrainInput[], given: Rates): StepMetrics[] {
    const { batch } = this.plan;
    const shape = edgesShape(this.plan);
    const room = this.stepsPerCall;
    const codes = new Int32Array(room * batch * 4);
    const edges = new Float32Array(room * sizeOf(shape));
    for (const [i, input] of inputs.entries()) {
      codes.set(input.codes, i * batch * 4);
      edges.set(flatEdges(input.edges), i * sizeOf(shape));
    }
    const rates: Feed = [name.rates, [3], flatRates(given)];
    const feeds: Feed[] =
      room > 1
        ? [
            ['count', [], Int32Array.of(inputs.length)],
            [allOf(name.codes), [room, batch, 4], codes],
            [allOf(name.edges), [room, ...shape], edges],
            rates,
          ]
        : [[name.codes, [batch, 4], codes], [name.edges, shape, edges], rates];
    const [rows] = this.session.call(feeds, [history]) as [Float32Array];
    const size = metricsSize(this.plan);
    return inputs.map((_, i) => splitMetrics(rows.subarray(i * size, (i + 1) * size), this.plan));
  }
}
