import { stageSizes } from '../../models/cost.ts';
import type { Architecture } from '../../models/layers.ts';
import { sizeOf } from '../../models/tensors.ts';
import { formOf, type StepPlan } from '../engine.ts';
import { ensembleLogits } from '../ensemble.ts';
import { edgesShape, imageShape, sideOf, stateParts, stateSizes } from '../flat.ts';
import type { Operations, Tensor } from '../ops.ts';
import { collaborativeStep, evaluationLogits, type NodeTensors, score } from '../step.ts';
import type { TensorFlow } from './binding.ts';
import type { Shortened } from './bfloat16.ts';
import { gatherer, type ImageTypes } from './gather.ts';
import {
  DataType,
  GraphBuilder,
  type GraphNode,
  type Output,
  typeAttribute,
  type Variable,
} from './graph.ts';
import { Recorder } from './record.ts';

/** Names of feeds and fetches, shared by the graph and its caller. */
export const name = {
  images: 'images',
  labels: 'labels',
  codes: 'train/codes',
  rates: 'train/rates',
  edges: 'train/edges',
  trainImages: 'train/images',
  trainLabels: 'train/labels',
  metrics: 'train/metrics',
  trainLogits: 'train/logits',
  stage: (node: number, place: number) => `train/node${node}/stage${place}`,
  indices: 'evaluate/indices',
  evaluateImages: 'evaluate/images',
  state: (node: number, part: string) => `node${node}/${part}`,
  update: (node: number) => `node${node}/update`,
  observe: (node: number) => `node${node}/observe`,
  evaluateLogits: (node: number) => `node${node}/evaluate/logits`,
  score: (node: number) => `node${node}/evaluate/score`,
};

/** Returns the fetch names of every node's stage outputs. */
export const stageNames = ({ architectures }: StepPlan): string[][] =>
  architectures.map((model, node) => stageSizes(model).map((_, place) => name.stage(node, place)));

/** Everything that a recording depends on besides the plan. */
export interface RecordOptions {
  readonly ops: Operations;
  /** Types of the stored images and labels. */
  readonly stored: ImageTypes;
  readonly shortened: Shortened;
  /** Images in one call of evaluation. */
  readonly evaluationBatch: number;
}

/**
 * Records the collaborative step and the evaluation as one graph of TensorFlow: runs the eager form
 * once, with the nodes' states and the images as resource variables. Every feed and fetch has a
 * name (`name`).
 */
export function recordStep(
  tensorflow: TensorFlow,
  plan: StepPlan,
  options: RecordOptions,
): GraphNode[] {
  const { tf, backend, binding } = tensorflow;
  const { ops, stored, evaluationBatch } = options;
  const { architectures, classes, batch, frozen = [], ensemble } = plan;
  const form = formOf(plan);
  const graph = new GraphBuilder();
  const recorder = new Recorder(tensorflow, graph, options.shortened);

  const images = graph.variable(name.images, stored.images, imageShape(plan, -1));
  const labels = graph.variable(name.labels, stored.labels, [-1]);
  const states = architectures.map((model, node) => stateVariables(graph, model, classes, node));
  graph.writer(images, DataType.uint8);
  graph.writer(labels, DataType.int32);
  for (const state of states) for (const part of stateParts) graph.writer(state[part]);

  /** Returns a tensor for recording that stands for an output of the graph. */
  const standIn = (
    values: ArrayBufferView,
    shape: number[],
    type: DataType,
    output: Output,
  ): Tensor => {
    const id = binding.createTensor(shape, type, values);
    const tensor = backend.createOutputTensor({ id, shape, dtype: type });
    recorder.bind(tensor, output);
    return tensor;
  };
  const named = (fetch: string, tensor: Tensor, type: DataType): Output =>
    graph.add(fetch, 'Identity', [recorder.outputOf(tensor)], { T: typeAttribute(type) });

  tf.tidy(() => {
    const one = imageShape(plan, 1);
    const imageTensor = standIn(new Uint8Array(sizeOf(one)), one, DataType.uint8, images.value);
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
    const gather = gatherer(tensorflow, stored, sideOf(plan), form.crop);

    const codesShape = [batch, 4];
    const codesInput = graph.placeholder(name.codes, DataType.int32, codesShape);
    const codes = standIn(new Int32Array(batch * 4), codesShape, DataType.int32, codesInput);
    const taken = recorder.run(() => gather.training(imageTensor, labelTensor, codes));
    // Named outputs, so that a batch of images can replace them.
    recorder.bind(taken.images, named(name.trainImages, taken.images, DataType.float));
    recorder.bind(taken.labels, named(name.trainLabels, taken.labels, DataType.int32));

    const ratesInput = graph.placeholder(name.rates, DataType.float, [3]);
    const shape = edgesShape(plan);
    const edgesInput = graph.placeholder(name.edges, DataType.float, shape);
    const rates = standIn(new Float32Array(3), [3], DataType.float, ratesInput);
    const ones = new Float32Array(sizeOf(shape)).fill(1);
    const edges = standIn(ones, shape, DataType.float, edgesInput);
    const step = recorder.run(() =>
      collaborativeStep(tf, ops, plan, nodeTensors, { ...taken, rates, edges }),
    );
    named(name.metrics, step.metrics, DataType.float);
    named(name.trainLogits, step.logits, DataType.float);
    for (const [node, stages] of step.stages.entries())
      for (const [place, stage] of stages.entries())
        named(name.stage(node, place), stage, DataType.float);
    for (const [node, next] of step.next.entries()) {
      const store = (part: (typeof stateParts)[number]): string =>
        graph.assign(states[node]![part], recorder.outputOf(next[part]));
      if (!frozen.includes(node))
        graph.done(name.update(node), [store('parameters'), store('momentum')]);
      if (!frozen.includes(node) || form.frozenMode === 'train')
        graph.done(name.observe(node), [store('statistics')]);
    }

    const indicesInput = graph.placeholder(name.indices, DataType.int32, [evaluationBatch]);
    const indices = standIn(
      new Int32Array(evaluationBatch),
      [evaluationBatch],
      DataType.int32,
      indicesInput,
    );
    const seen = recorder.run(() => gather.evaluation(imageTensor, labelTensor, indices));
    recorder.bind(seen.images, named(name.evaluateImages, seen.images, DataType.float));
    const evaluated = architectures.map((_, node) =>
      recorder.run(() => evaluationLogits(tf, ops, plan, node, nodeTensors[node]!, seen.images)),
    );
    if (ensemble) evaluated.push(recorder.run(() => ensembleLogits(tf, evaluated, ensemble)));
    for (const [row, logits] of evaluated.entries()) {
      named(name.evaluateLogits(row), logits, DataType.float);
      const scores = recorder.run(() => score(tf, logits, seen.labels));
      named(name.score(row), scores, DataType.float);
    }
    // The step keeps these beyond its own tidy scopes.
    tf.dispose([step.metrics, step.logits, ...step.stages.flat()]);
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
