import * as v from 'valibot';
import { ABLATION_KINDS, type AblatedName, ablatedEdge, SKIP_REASONS } from '../graph/ablate.ts';
import { graphKey } from '../graph/canonical.ts';
import type { Graph } from '../graph/graph.ts';
import { template } from '../graph/templates.ts';
import { graphRecord, seedSchema, textSchema, whole } from './fields.ts';
import { trainingSchema } from './plan.ts';
import { jobFields } from './study.ts';

/** Baselines of the same architectures as the graph that is re-run. */
export const BASELINES = ['independent', 'kd', 'dml', 'kd+dml', 'all-through'] as const;
export type Baseline = (typeof BASELINES)[number];

/** Most graphs of a re-run: every edge of seven nodes with every other gate, and the graph. */
export const MAX_VARIANTS = 1000;

const isAblated = (name: unknown): boolean =>
  typeof name === 'string' && ablatedEdge(name) !== null;
const ablatedName = v.custom<AblatedName>(isAblated, 'Expected a gate and an edge.');

/** What an ablation changes in its graph, and which changes it leaves out. */
export const ablationSchema = v.strictObject({
  kind: v.picklist(ABLATION_KINDS),
  skipped: v.pipe(
    v.array(
      v.strictObject({
        name: ablatedName,
        reason: v.picklist(SKIP_REASONS),
        as: v.nullable(v.union([v.literal('graph'), ablatedName])),
      }),
    ),
    v.maxLength(MAX_VARIANTS),
  ),
});

/** One graph of a re-run: the chosen one (`graph`) or a baseline beside it. */
export const variantSchema = v.strictObject({
  name: v.union([v.picklist(['graph', ...BASELINES]), ablatedName]),
  graph: graphRecord,
  key: textSchema,
});
export type Variant = v.InferOutput<typeof variantSchema>;

/** The graph and baselines of the same architectures. */
export const variantsOf = (graph: Graph, baselines: readonly Baseline[]): Variant[] => [
  { name: 'graph', graph, key: graphKey(graph) },
  ...baselines.map((name) => {
    const baseline = template(
      name,
      graph.nodes.map((node) => node.model),
    );
    return { name, graph: baseline, key: graphKey(baseline) };
  }),
];

/** The first variant of each graph (All-Through is DML): the others share its runs. */
export const trainedVariants = (variants: readonly Variant[]): Variant[] =>
  variants.filter(
    (variant, index) => variants.findIndex((other) => other.key === variant.key) === index,
  );

/**
 * Some graphs trained from the same N new seeds: what a paper's table reports as mean and standard
 * deviation.
 */
export const rerunSchema = v.strictObject({
  ...jobFields,
  /** Study and trial that the graph comes from, if any. */
  study: v.nullable(whole(1)),
  trial: v.nullable(whole()),
  variants: v.pipe(v.array(variantSchema), v.minLength(1), v.maxLength(MAX_VARIANTS)),
  /** Training seeds; every variant is trained once from each. */
  seeds: v.pipe(v.array(seedSchema), v.minLength(1), v.maxLength(100)),
  training: trainingSchema,
  retries: whole(),
  /** Where its variants are changes of the graph instead of baselines. */
  ablation: v.nullable(ablationSchema),
});
export type Rerun = v.InferOutput<typeof rerunSchema>;
