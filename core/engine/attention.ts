import type { KindName } from '../kinds/kinds.ts';
import {
  type AttentionMap,
  attentionMap,
  commonSize,
  mapSizeOf,
  type MapSize,
  stageGradient,
} from './attention-maps.ts';
import type { MapLoss } from './kinds/kind-loss.ts';
import { mapKinds } from './kinds/kinds.ts';
import type { Tensor, TF } from './ops.ts';

/** Nodes whose maps are compared, and the outputs of their stages. */
export interface StageInputs {
  /** By node, in forward order: [batch, height, width, channels]. */
  readonly stages: readonly (readonly Tensor[])[];
  /** Nodes (from 0) that never learn: no map is compared with theirs as destination. */
  readonly frozen: readonly number[];
}

/** One stage of a destination beside the paired stages of some sources, all at one size. */
interface Comparison {
  readonly target: number;
  /** Place among the target's stages. */
  readonly stage: number;
  readonly sources: readonly number[];
  readonly map: AttentionMap;
  readonly losses: readonly MapLoss[];
}

/**
 * All losses that compare stages, for every pair of nodes: the last min(k_s, k_t) stages are paired
 * from the end, the larger output is average-pooled to the smaller one's size.
 */
export class AttentionLosses {
  readonly #tf: TF;
  readonly #inputs: StageInputs;
  readonly #kinds;
  readonly #comparisons: readonly Comparison[];
  readonly #maps = new Map<string, AttentionMap>();

  /** @throws LabError `engine.stage-sizes` */
  constructor(tf: TF, inputs: StageInputs, used: readonly KindName[]) {
    this.#tf = tf;
    this.#inputs = inputs;
    this.#kinds = mapKinds(used);
    const nodes = inputs.stages.map((_, node) => node);
    this.#comparisons = nodes
      .filter((node) => !inputs.frozen.includes(node))
      .flatMap((target) => this.#compare(target));
  }

  /** Returns the loss of every kind, [destinations, sources, batch]; 0 on the diagonal. */
  losses(sources: number): { readonly name: KindName; readonly loss: Tensor }[] {
    const tf = this.#tf;
    const { stages } = this.#inputs;
    const none = tf.zeros([stages[0]![0]!.shape[0]]);
    return this.#kinds.map(({ name, loss: { over } }, kind) => {
      const parts = new Map<string, Tensor[]>();
      for (const { target, sources: group, losses } of this.#comparisons)
        for (const [i, part] of tf.unstack(losses[kind]!.loss).entries()) {
          const pair = `${target} ${group[i]!}`;
          parts.set(pair, [...(parts.get(pair) ?? []), part]);
        }
      const rows = stages.map((_, target) =>
        Array.from({ length: sources }, (__, source) => {
          const found = parts.get(`${target} ${source}`);
          if (!found) return none;
          const sum = found.reduce((total, part) => tf.add(total, part));
          return over === 'sum' ? sum : tf.mul(sum, 1 / found.length);
        }),
      );
      return { name, loss: tf.stack(rows.map((row) => tf.stack(row))) };
    });
  }

  /**
   * Returns the gradient of each node's own loss with respect to its stage outputs; a stage that
   * is paired with none has null.
   *
   * @param factor [destinations, sources, batch], 0 for whatever is left out
   * @param isKind by kind, [destinations, sources]
   */
  gradients(factor: Tensor, isKind: (name: KindName) => Tensor): (readonly (Tensor | null)[])[] {
    const tf = this.#tf;
    const batch = factor.shape[2]!;
    const found = new Map<Tensor, Tensor>();
    const rowsOf = (matrix: Tensor): Tensor[][] => tf.unstack(matrix).map((row) => tf.unstack(row));
    const factors = rowsOf(factor);
    const chosen = this.#kinds.map(({ name }) => rowsOf(isKind(name)));
    for (const comparison of this.#comparisons) {
      const { target, stage, sources, map, losses } = comparison;
      const own = tf.stack(sources.map((source) => factors[target]![source]!)); // [sources, batch]
      const slopes = losses.map(({ slope }, kind) => {
        const here = tf.stack(sources.map((source) => chosen[kind]![target]![source]!));
        const used = tf.logicalAnd(tf.expandDims(here, 1), tf.notEqual(own, 0));
        const wide = tf.expandDims(used, 2);
        const scaled = tf.mul(slope, tf.mul(tf.expandDims(own, 2), this.#scale(kind, comparison)));
        return { used, value: tf.where(wide, scaled, tf.zerosLike(scaled)) };
      });
      const open = slopes.map(({ used }) => used).reduce((all, used) => tf.logicalOr(all, used));
      const value = slopes.map((each) => each.value).reduce((sum, each) => tf.add(sum, each));
      const v = tf.mul(tf.sum(value, 0), 1 / batch);
      const output = this.#inputs.stages[target]![stage]!;
      const part = stageGradient(tf, output, map, v, tf.expandDims(tf.any(open, 0), 1));
      const before = found.get(output);
      found.set(output, before ? tf.add(before, part) : part);
    }
    return this.#inputs.stages.map((each) => each.map((output) => found.get(output) ?? null));
  }

  /** Returns the share of one stage in the loss of each source, [sources, 1, 1]. */
  #scale(kind: number, { target, sources }: Comparison): Tensor {
    const shares = sources.map((source) =>
      this.#kinds[kind]!.loss.over === 'sum' ? 1 : 1 / this.#pairs(target, source),
    );
    return this.#tf.tensor3d(shares, [sources.length, 1, 1]);
  }

  #pairs(target: number, source: number): number {
    const { stages } = this.#inputs;
    return Math.min(stages[target]!.length, stages[source]!.length);
  }

  #compare(target: number): Comparison[] {
    const tf = this.#tf;
    const { stages } = this.#inputs;
    return stages[target]!.flatMap((output, stage) => {
      const fromEnd = stages[target]!.length - stage;
      const groups = new Map<string, { size: MapSize; sources: number[] }>();
      for (const [source, others] of stages.entries()) {
        const other = others[others.length - fromEnd];
        if (source === target || !other) continue;
        const size = commonSize(mapSizeOf(output), mapSizeOf(other));
        const group = groups.get(size.join()) ?? { size, sources: [] };
        group.sources.push(source);
        groups.set(size.join(), group);
      }
      return [...groups.values()].map(({ size, sources }): Comparison => {
        const map = this.#map(target, fromEnd, size);
        const others = tf.stack(sources.map((source) => this.#map(source, fromEnd, size).q));
        const q = tf.expandDims(map.q, 0);
        const losses = this.#kinds.map(({ loss }) => loss.compute(tf, q, others));
        return { target, stage, sources, map, losses };
      });
    });
  }

  #map(node: number, fromEnd: number, size: MapSize): AttentionMap {
    const key = [node, fromEnd, ...size].join();
    const stages = this.#inputs.stages[node]!;
    const map =
      this.#maps.get(key) ?? attentionMap(this.#tf, stages[stages.length - fromEnd]!, size);
    this.#maps.set(key, map);
    return map;
  }
}
