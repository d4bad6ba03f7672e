import type { Architecture } from '../../models/architecture.ts';
import {
  type DirectBatch,
  type EdgeInputs,
  type Evaluation,
  EVALUATION_BATCH,
  type ImageSet,
  type NodeState,
  splitMetrics,
  type Step,
  type StepMetrics,
  type StepPlan,
  type TrainInput,
} from '../engine.ts';
import { checkState, flatRates, stateParts, stateSizes } from '../flat.ts';
import type { Operations, Tensor } from '../ops.ts';
import { collaborativeStep, evaluationLogits, type NodeTensors, score } from '../step.ts';
import type { TensorFlow } from './binding.ts';
import { gatherer } from './gather.ts';
import {
  DataType,
  GraphBuilder,
  type GraphNode,
  type Output,
  typeAttribute,
  type Variable,
} from './graph.ts';
import { Recorder } from './record.ts';
import { loadGraph } from './saved-model.ts';

/**
 * The step as one session of TensorFlow: the eager step is recorded once as a graph in which the nodes' states and
 * the images are resource variables, and every training step is a single call. Only the operations that a call's
 * fetches need are run, so a node that is not trained costs its forward pass alone.
 */
export function captureStep(tensorflow: TensorFlow, ops: Operations, plan: StepPlan): Step {
  const session = loadGraph(tensorflow.binding, recordStep(tensorflow, ops, plan));
  return new CapturedStep(tensorflow, plan, session);
}

/** Names of what is fed and fetched, shared by the graph and its caller. */
const name = {
  images: 'images',
  labels: 'labels',
  codes: 'train/codes',
  rates: 'train/rates',
  edges: 'train/edges',
  trainImages: 'train/images',
  trainLabels: 'train/labels',
  metrics: 'train/metrics',
  trainLogits: 'train/logits',
  indices: 'evaluate/indices',
  evaluateImages: 'evaluate/images',
  state: (node: number, part: string) => `node${node}/${part}`,
  update: (node: number) => `node${node}/update`,
  observe: (node: number) => `node${node}/observe`,
  evaluateLogits: (node: number) => `node${node}/evaluate/logits`,
  score: (node: number) => `node${node}/evaluate/score`,
};

function recordStep(tensorflow: TensorFlow, ops: Operations, plan: StepPlan): GraphNode[] {
  const { tf, backend, binding } = tensorflow;
  const { architectures, classes, batch } = plan;
  const nodes = architectures.length;
  const graph = new GraphBuilder();
  const recorder = new Recorder(tensorflow, graph);

  const images = graph.variable(name.images, DataType.uint8, [-1, 32, 32, 3]);
  const labels = graph.variable(name.labels, DataType.int32, [-1]);
  const states = architectures.map((model, node) => stateVariables(graph, model, classes, node));
  for (const variable of [
    images,
    labels,
    ...states.flatMap((state) => stateParts.map((part) => state[part])),
  ]) {
    graph.writer(variable);
  }

  /** A tensor to compute with while recording, standing for an output of the graph. */
  const standIn = (values: ArrayBufferView, shape: number[], type: DataType, output: Output): Tensor => {
    const id = binding.createTensor(shape, type, values);
    const tensor = backend.createOutputTensor({ id, shape, dtype: type }) as Tensor;
    recorder.bind(tensor, output);
    return tensor;
  };
  const named = (fetch: string, tensor: Tensor, type: DataType): Output =>
    graph.add(fetch, 'Identity', [recorder.outputOf(tensor)], { T: typeAttribute(type) });

  tf.tidy(() => {
    const imageTensor = standIn(new Uint8Array(3072), [1, 32, 32, 3], DataType.uint8, images.value);
    const labelTensor = standIn(new Int32Array(1), [1], DataType.int32, labels.value);
    const nodeTensors = architectures.map((model, node): NodeTensors => {
      const sizes = stateSizes(model, classes);
      const [parameters, momentum, statistics] = stateParts.map((part) =>
        standIn(
          new Float32Array(sizes[part]).fill(1),
          [sizes[part]],
          DataType.float,
          states[node]![part].value,
        ),
      ) as [Tensor, Tensor, Tensor];
      return { parameters, momentum, statistics };
    });
    const gather = gatherer(tensorflow);

    const codesShape = [batch, 4];
    const codesInput = graph.placeholder(name.codes, DataType.int32, codesShape);
    const codes = standIn(new Int32Array(batch * 4), codesShape, DataType.int32, codesInput);
    const taken = recorder.run(() => gather.training(imageTensor, labelTensor, codes));
    // named outputs, so that a batch of images can also be fed in their place
    recorder.bind(taken.images, named(name.trainImages, taken.images, DataType.float));
    recorder.bind(taken.labels, named(name.trainLabels, taken.labels, DataType.int32));

    const ratesInput = graph.placeholder(name.rates, DataType.float, [3]);
    const edgesShape = [3, nodes, nodes + 1];
    const edgesInput = graph.placeholder(name.edges, DataType.float, edgesShape);
    const rates = standIn(new Float32Array(3), [3], DataType.float, ratesInput);
    const edges = standIn(
      new Float32Array(3 * nodes * (nodes + 1)).fill(1),
      edgesShape,
      DataType.float,
      edgesInput,
    );
    const step = recorder.run(() =>
      collaborativeStep(tf, ops, architectures, classes, nodeTensors, taken.images, taken.labels, {
        rates,
        edges,
      }),
    );
    named(name.metrics, step.metrics, DataType.float);
    named(name.trainLogits, step.logits, DataType.float);
    for (const [node, next] of step.next.entries()) {
      const store = (part: (typeof stateParts)[number]): string =>
        graph.assign(states[node]![part], recorder.outputOf(next[part]));
      graph.done(name.update(node), [store('parameters'), store('momentum')]);
      graph.done(name.observe(node), [store('statistics')]);
    }

    const indicesInput = graph.placeholder(name.indices, DataType.int32, [EVALUATION_BATCH]);
    const indices = standIn(
      new Int32Array(EVALUATION_BATCH),
      [EVALUATION_BATCH],
      DataType.int32,
      indicesInput,
    );
    const seen = recorder.run(() => gather.evaluation(imageTensor, labelTensor, indices));
    recorder.bind(seen.images, named(name.evaluateImages, seen.images, DataType.float));
    for (const [node, model] of architectures.entries()) {
      const logits = recorder.run(() =>
        evaluationLogits(tf, ops, model, classes, nodeTensors[node]!, seen.images),
      );
      named(name.evaluateLogits(node), logits, DataType.float);
      named(
        name.score(node),
        recorder.run(() => score(tf, logits, seen.labels)),
        DataType.float,
      );
    }
    // what the step kept past its own tidy scopes
    tf.dispose([step.metrics, step.logits]);
  });
  return graph.nodes;
}

type StateVariables = Record<(typeof stateParts)[number], Variable>;

function stateVariables(
  graph: GraphBuilder,
  model: Architecture,
  classes: number,
  node: number,
): StateVariables {
  const sizes = stateSizes(model, classes);
  const variable = (part: (typeof stateParts)[number]): Variable =>
    graph.variable(name.state(node, part), DataType.float, [sizes[part]]);
  return {
    parameters: variable('parameters'),
    momentum: variable('momentum'),
    statistics: variable('statistics'),
  };
}

/** A tensor to feed: its name in the graph, its shape and values. */
type Feed = readonly [
  target: string,
  shape: readonly number[],
  values: Float32Array | Int32Array | Uint8Array,
];

class CapturedStep implements Step {
  readonly plan: StepPlan;
  private readonly tensorflow: TensorFlow;
  private readonly session: number;
  private loaded: ImageSet | undefined;

  constructor(tensorflow: TensorFlow, plan: StepPlan, session: number) {
    this.tensorflow = tensorflow;
    this.plan = plan;
    this.session = session;
  }

  load(set: ImageSet): void {
    if (this.loaded === set) return;
    const count = set.labels.length;
    this.call([[`${name.images}/new`, [count, 32, 32, 3], set.images]], [`${name.images}/write`]);
    this.call([[`${name.labels}/new`, [count], set.labels]], [`${name.labels}/write`]);
    this.loaded = set;
  }

  train(input: TrainInput): StepMetrics {
    const codes: Feed = [name.codes, [this.plan.batch, 4], input.codes];
    const fetches = [name.metrics, ...this.updates(input.trained)];
    const [metrics] = this.call([codes, ...this.settings(input)], fetches);
    return splitMetrics(metrics as Float32Array, this.plan.architectures.length);
  }

  trainDirect(
    batch: DirectBatch,
    input: Omit<TrainInput, 'codes'>,
  ): { metrics: StepMetrics; logits: Float32Array } {
    const images: Feed = [name.trainImages, [this.plan.batch, 32, 32, 3], batch.images];
    const labels: Feed = [name.trainLabels, [this.plan.batch], batch.labels];
    const fetches = [name.metrics, name.trainLogits, ...this.updates(input.trained)];
    const [metrics, logits] = this.call([images, labels, ...this.settings(input)], fetches);
    return {
      metrics: splitMetrics(metrics as Float32Array, this.plan.architectures.length),
      logits: logits as Float32Array,
    };
  }

  evaluate(indices: Int32Array, nodes: readonly number[]): Evaluation {
    const right = nodes.map(() => 0);
    const loss = nodes.map(() => 0);
    const fetches = nodes.map(name.score);
    for (let start = 0; start < indices.length; start += EVALUATION_BATCH) {
      const part = new Int32Array(EVALUATION_BATCH).fill(-1);
      part.set(indices.subarray(start, start + EVALUATION_BATCH));
      const scores = this.call([[name.indices, [EVALUATION_BATCH], part]], fetches);
      for (const [i, values] of scores.entries()) {
        right[i]! += values[0]!;
        loss[i]! += values[1]!;
      }
    }
    return { right, loss };
  }

  logits(batch: DirectBatch): Float32Array {
    const { architectures, classes } = this.plan;
    const count = batch.labels.length;
    const padded = new Float32Array(EVALUATION_BATCH * 3072);
    padded.set(batch.images);
    const images: Feed = [name.evaluateImages, [EVALUATION_BATCH, 32, 32, 3], padded];
    const all = this.call(
      [images],
      architectures.map((_, node) => name.evaluateLogits(node)),
    );
    const result = new Float32Array(architectures.length * count * classes);
    for (const [node, values] of all.entries()) {
      result.set((values as Float32Array).subarray(0, count * classes), node * count * classes);
    }
    return result;
  }

  read(node: number): NodeState {
    const fetches = stateParts.map((part) => `${name.state(node, part)}/read`);
    const [parameters, momentum, statistics] = this.call([], fetches) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    return { parameters, momentum, statistics };
  }

  write(node: number, state: NodeState): void {
    checkState(this.plan, node, state);
    for (const part of stateParts) {
      const target = name.state(node, part);
      this.call([[`${target}/new`, [state[part].length], state[part]]], [`${target}/write`]);
    }
  }

  dispose(): void {
    this.tensorflow.binding.deleteSavedModel(this.session);
  }

  /** Statistics follow every batch, in frozen nodes too; parameters only where the node is trained. */
  private updates(trained: readonly number[]): string[] {
    return [...this.plan.architectures.map((_, node) => name.observe(node)), ...trained.map(name.update)];
  }

  private settings(input: { rates: TrainInput['rates']; edges: EdgeInputs }): Feed[] {
    const nodes = this.plan.architectures.length;
    const edges = new Float32Array(3 * nodes * (nodes + 1));
    edges.set(input.edges.weight, 0);
    edges.set(input.edges.onlyCorrect, nodes * (nodes + 1));
    edges.set(input.edges.temperature, 2 * nodes * (nodes + 1));
    return [
      [name.rates, [3], flatRates(input.rates)],
      [name.edges, [3, nodes, nodes + 1], edges],
    ];
  }

  /** One run of the session: feeds in, values of the fetches out, nothing left behind. */
  private call(
    feeds: readonly Feed[],
    fetches: readonly string[],
  ): (Float32Array | Int32Array | Uint8Array)[] {
    const { binding } = this.tensorflow;
    const ids = feeds.map(([, shape, values]) => binding.createTensor(shape, dataType(values), values));
    try {
      const names = feeds.map(([target]) => `${target}:0`).join(',');
      const results = binding.runSavedModel(
        this.session,
        ids,
        names,
        fetches.map((fetch) => `${fetch}:0`).join(','),
      );
      const values = results.map((result) => binding.tensorDataSync(result.id));
      for (const result of results) binding.deleteTensor(result.id);
      return values;
    } finally {
      for (const id of ids) binding.deleteTensor(id);
    }
  }
}

function dataType(values: Float32Array | Int32Array | Uint8Array): DataType {
  if (values instanceof Float32Array) return DataType.float;
  return values instanceof Int32Array ? DataType.int32 : DataType.uint8;
}
