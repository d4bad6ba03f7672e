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
  rowsOf,
  splitMetrics,
  type Step,
  type StepMetrics,
  type StepPlan,
  type TrainInput,
} from '../engine.ts';
import { whileBlocked } from '../blocked.ts';
import { withLock } from '../../base/lock.js';
import { edgesShape, flatEdges, flatRates, imageShape, stateParts } from '../flat.ts';
import { isOutOfMemory } from '../memory.ts';
import { sizeOf } from '../../models/tensors.ts';
import type { Operations } from '../ops.ts';
import type { TensorFlow } from './binding.ts';
import { halvesAndFloats } from './gather.ts';
import {
  type Argument,
  DataType,
  type Graph,
  GraphBuilder,
  type GraphFunction,
  type GraphNode,
  typeAttribute,
} from './graph.ts';
import { allOf, loopOf } from './loop.ts';
import { restoreAbandoned, retryWithoutPrograms } from './compile-cache.ts';
import { compiledCall, functionOf, outline } from './outline.ts';
import { name, recordStep, stageNames } from './record-step.ts';
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
      const recorded = recordStep(tensorflow, plan, { ops, stored: halvesAndFloats, ...options });
      return serialise(compiledGraph(recorded, plan, options));
    },
  );
  return new CompiledStep(plan, new StepSession(tensorflow, plan, graph), options);
}

/** Names of the feeds and fetches of a compiled graph in addition to the recorded graph's. */
const direct = {
  images: 'direct/images',
  labels: 'direct/labels',
  metrics: 'direct/metrics',
  logits: 'direct/logits',
};
/** Returns the fetches of a step on a direct batch: metrics, logits, outputs of all stages. */
const directFetches = (plan: StepPlan): string[] => [
  direct.metrics,
  direct.logits,
  ...stageNames(plan)
    .flat()
    .map((stage) => `direct/${stage}`),
];
const history = 'train/history';

/** Returns the recorded step's graph with its computations moved into compiled functions. Pure. */
export function compiledGraph(
  recorded: readonly GraphNode[],
  plan: StepPlan,
  { stepsPerCall, evaluationBatch }: Pick<CompileOptions, 'stepsPerCall' | 'evaluationBatch'>,
): Graph {
  const { architectures, batch } = plan;
  const each = architectures.map((_, node) => node);
  const rows = Array.from({ length: rowsOf(plan) }, (_, row) => row);
  const effects = recorded
    .filter(({ name: found }) =>
      each.some((node) => [name.update(node), name.observe(node)].includes(found)),
    )
    .flatMap(({ after }) => after);
  const rates: Argument = { name: name.rates, type: DataType.float };
  const codes = { name: name.codes, type: DataType.int32, shape: [batch, 4] };
  const edges = { name: name.edges, type: DataType.float, shape: edgesShape(plan) };
  const result = (
    node: string,
    as: string,
  ): Argument & { value: { node: string; index: number } } => ({
    name: as,
    type: DataType.float,
    value: { node, index: 0 },
  });

  const given = [rates, codes, edges].map((argument) => argument.name);
  const step = outline(recorded, [name.metrics, ...effects], given);
  const kept = { node: name.metrics, size: metricsSize(plan) };
  const train =
    stepsPerCall > 1
      ? loopOf('train', stepsPerCall, {
          step,
          shared: [rates],
          perStep: [codes, edges],
          result: kept,
          effects,
        })
      : [
          functionOf(
            'train',
            [rates, codes, edges],
            step,
            [result(name.metrics, 'metrics')],
            effects,
          ),
        ];
  const images: Argument = { name: name.trainImages, type: DataType.float };
  const labels: Argument = { name: name.trainLabels, type: DataType.int32 };
  const stages = stageNames(plan).flat();
  const trainDirect = functionOf(
    'train_direct',
    [images, labels, rates, edges],
    outline(
      recorded,
      [name.metrics, name.trainLogits, ...stages, ...effects],
      [images, labels, rates, edges].map((argument) => argument.name),
    ),
    [
      result(name.metrics, 'metrics'),
      result(name.trainLogits, 'logits'),
      ...stages.map((stage, place) => result(stage, `stage${place}`)),
    ],
    effects,
  );
  const evaluation = (
    called: string,
    input: Argument,
    output: (node: number) => string,
  ): GraphFunction =>
    functionOf(
      called,
      [input],
      outline(recorded, rows.map(output), [input.name]),
      rows.map((row) => result(output(row), `node${row}`)),
    );
  const evaluate = evaluation('evaluate', { name: name.indices, type: DataType.int32 }, name.score);
  const seen: Argument = { name: name.evaluateImages, type: DataType.float };
  const logits = evaluation('logits', seen, name.evaluateLogits);

  const graph = new GraphBuilder('call/');
  const variables = [
    name.images,
    name.labels,
    ...each.flatMap((node) => stateParts.map((part) => name.state(node, part))),
  ];
  const access = variables.flatMap((variable) => [`${variable}/write`, `${variable}/read`]);
  const fed = variables.map((variable) => `${variable}/new`);
  graph.nodes.push(
    ...recorded.filter(({ name: found, op }) => op === 'VarHandleOp' || fed.includes(found)),
    ...outline(recorded, access, fed).nodes,
  );
  if (stepsPerCall > 1) {
    graph.placeholder('count', DataType.int32, []);
    graph.placeholder(allOf(codes.name), codes.type, [stepsPerCall, ...codes.shape]);
    graph.placeholder(allOf(edges.name), edges.type, [stepsPerCall, ...edges.shape]);
  } else graph.placeholder(codes.name, codes.type, codes.shape);
  graph.placeholder(edges.name, edges.type, edges.shape);
  graph.placeholder(rates.name, rates.type, [3]);
  graph.placeholder(images.name, images.type, imageShape(plan, batch));
  graph.placeholder(labels.name, labels.type, [batch]);
  graph.placeholder(name.indices, DataType.int32, [evaluationBatch]);
  graph.placeholder(seen.name, seen.type, imageShape(plan, evaluationBatch));
  const call = (called: GraphFunction, fetches: readonly string[]): void => {
    graph.nodes.push(compiledCall(`call/${called.name}`, called));
    for (const [index, fetch] of fetches.entries())
      graph.add(fetch, 'Identity', [{ node: `call/${called.name}`, index }], {
        T: typeAttribute(DataType.float),
      });
  };
  call(train[0]!, [history]);
  call(trainDirect, directFetches(plan));
  call(evaluate, rows.map(name.score));
  call(logits, rows.map(name.evaluateLogits));
  return { nodes: graph.nodes, functions: [...train, trainDirect, evaluate, logits] };
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
