import { createHash } from 'node:crypto';
import {
  type DirectBatch,
  type DirectResult,
  type Evaluation,
  type ImageSet,
  type NodeState,
  rowsOf,
  splitMetrics,
  type StepPlan,
} from '../engine.ts';
import { checkImages, checkState, imageShape, stateParts } from '../flat.ts';
import { sizeOf } from '../../models/tensors.ts';
import type { TensorFlow } from './binding.ts';
import { DataType } from './graph.ts';
import { name, stageNames } from './record-step.ts';
import { loadGraph } from './saved-model.ts';

/** A fed tensor: its name in the graph, its shape and values. */
export type Feed = readonly [target: string, shape: readonly number[], values: Values];

/** Values of a fed or fetched tensor. */
export type Values = Float32Array | Int32Array | Uint8Array;

/**
 * A graph of `recordStep`, captured or compiled, loaded as a session of TensorFlow, which stores
 * the images and the nodes' states.
 */
export class StepSession {
  private readonly tensorflow: TensorFlow;
  private readonly plan: StepPlan;
  private readonly graph: Uint8Array;
  private session: number;
  private loaded: ImageSet | undefined;

  /** @param graph of `serialise` */
  constructor(tensorflow: TensorFlow, plan: StepPlan, graph: Uint8Array) {
    this.tensorflow = tensorflow;
    this.plan = plan;
    this.graph = graph;
    this.session = loadGraph(tensorflow.binding, graph);
  }

  /**
   * Moves graph, images and states into a new session: after a failed compilation a session keeps
   * failing.
   */
  reopen(): void {
    const states = this.plan.architectures.map((_, node) => this.read(node));
    const images = this.loaded;
    this.dispose();
    this.session = loadGraph(this.tensorflow.binding, this.graph);
    this.loaded = undefined;
    if (images) this.load(images);
    for (const [node, state] of states.entries()) this.write(node, state);
  }

  /** Identifies the graph and its compiled program. */
  get digest(): string {
    return createHash('sha256').update(this.graph).digest('hex').slice(0, 16);
  }

  load(set: ImageSet): void {
    if (this.loaded === set) return;
    checkImages(this.plan, set);
    const count = set.labels.length;
    this.call(
      [[`${name.images}/new`, imageShape(this.plan, count), set.images]],
      [`${name.images}/write`],
    );
    this.call([[`${name.labels}/new`, [count], set.labels]], [`${name.labels}/write`]);
    this.loaded = set;
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

  /** Returns correct predictions and summed losses of `nodes`, in calls of `batch` images. */
  evaluate(indices: Int32Array, nodes: readonly number[], batch: number): Evaluation {
    const right = nodes.map(() => 0);
    const loss = nodes.map(() => 0);
    const fetches = nodes.map(name.score);
    for (let start = 0; start < indices.length; start += batch) {
      const part = new Int32Array(batch).fill(-1);
      part.set(indices.subarray(start, start + batch));
      const scores = this.call([[name.indices, [batch], part]], fetches);
      for (const [i, values] of scores.entries()) {
        right[i]! += values[0]!;
        loss[i]! += values[1]!;
      }
    }
    return { right, loss };
  }

  /** Returns the logits in evaluation mode, rows x images x classes, of at most `batch` images. */
  logits({ images, labels }: DirectBatch, batch: number): Float32Array {
    const rows = rowsOf(this.plan);
    const size = labels.length * this.plan.classes;
    const shape = imageShape(this.plan, batch);
    const padded = new Float32Array(sizeOf(shape));
    padded.set(images);
    const fetches = Array.from({ length: rows }, (_, row) => name.evaluateLogits(row));
    const all = this.call([[name.evaluateImages, shape, padded]], fetches);
    const result = new Float32Array(rows * size);
    for (const [node, values] of all.entries()) result.set(values.subarray(0, size), node * size);
    return result;
  }

  dispose(): void {
    this.tensorflow.binding.deleteSavedModel(this.session);
  }

  /** Runs the session once: feeds in, values of the fetches out, no tensors left behind. */
  call(feeds: readonly Feed[], fetches: readonly string[]): Values[] {
    const { binding } = this.tensorflow;
    const ids = feeds.map(([, shape, values]) =>
      binding.createTensor(shape, dataType(values), values),
    );
    try {
      const results = binding.runSavedModel(
        this.session,
        ids,
        feeds.map(([target]) => `${target}:0`).join(','),
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

/** Returns metrics, logits and all stages (see `stageNames`) from values fetched in this order. */
export function directResult(
  [metrics, logits, ...stages]: readonly Values[],
  plan: StepPlan,
): DirectResult {
  let next = 0;
  return {
    metrics: splitMetrics(metrics as Float32Array, plan),
    logits: logits as Float32Array,
    stages: stageNames(plan).map((each) => each.map(() => stages[next++] as Float32Array)),
  };
}

function dataType(values: Values): DataType {
  if (values instanceof Float32Array) return DataType.float;
  return values instanceof Int32Array ? DataType.int32 : DataType.uint8;
}
