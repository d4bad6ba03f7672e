import * as v from 'valibot';
import { goalOf, type Graph, MAX_NODES } from '../graph/graph.ts';
import { MAX_EDGES } from '../graph/schema.ts';

/**
 * Metrics have one table of fields each; worker messages, packed columns, study files and JSON
 * derive from it. A new field comes last in its table, since packed values are told by their place,
 * and may be NaN, which it is in epochs recorded before it.
 */

/** Losses are NaN where nothing was measured, and NaN or infinite when training diverged. */
const loss = v.union([v.nan(), v.number()]);
/** A share of 1; NaN where nothing was measured. */
const fraction = v.union([v.nan(), v.pipe(v.number(), v.minValue(0), v.maxValue(1))]);
/** Of images or seconds. */
const amount = v.pipe(v.number(), v.finite(), v.minValue(0));
/** Never NaN: a packed edge whose weight is NaN carries nothing. */
const weight = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

/** Fields of a node, in packed order. */
const nodeFields = {
  /** On the evaluation images. Always first: curves read it alone. */
  accuracy: fraction,
  /** Cross-entropy on the evaluation images, mean per image. */
  loss,
  /** On the training images of this epoch, as they were seen. */
  trainAccuracy: fraction,
  /** Sum of the gated losses of all edges into the node, mean per image of this epoch. */
  trainLoss: loss,
};

/** Fields of an edge, in packed order. */
const edgeFields = {
  /** Cross-entropy or KL before the gate, mean per image. */
  rawLoss: loss,
  /** The part that the gate lets through, mean per image: it enters the destination's loss. */
  gatedLoss: loss,
  /** The gate's weight at the end of the epoch, 0..1. */
  weight,
  /** Images that source and destination both had right. The label, as a source, is always right. */
  bothRight: amount,
  /** Source right, destination wrong (TF). */
  onlySourceRight: amount,
  /** Source wrong, destination right (FT). */
  onlyDestinationRight: amount,
  bothWrong: amount,
};

/** Fields that JSON names by letters: source right or wrong, then destination right or wrong. */
const letters = {
  bothRight: 'tt',
  onlySourceRight: 'tf',
  onlyDestinationRight: 'ft',
  bothWrong: 'ff',
} as const;

/** What a run reports at the end of an epoch. */
export const epochMetricsSchema = v.strictObject({
  /** 1-based: epochs done so far. */
  epoch: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  /** Training and evaluation of this epoch, without waiting. */
  seconds: amount,
  /** nodes[i] is node i + 1; the last is the ensemble, where the graph has one. */
  nodes: v.pipe(v.array(v.strictObject(nodeFields)), v.minLength(1), v.maxLength(MAX_NODES + 1)),
  /**
   * All edges in the graph's own order (destination, then source); null for an edge that
   * carries nothing.
   */
  edges: v.pipe(v.array(v.nullable(v.strictObject(edgeFields))), v.maxLength(MAX_EDGES)),
});

export type EpochMetrics = v.InferOutput<typeof epochMetricsSchema>;
/** One node at the end of an epoch. Accuracies are fractions of 1. */
export type NodeMetrics = EpochMetrics['nodes'][number];
/** One edge over the training images of an epoch. */
export type EdgeMetrics = NonNullable<EpochMetrics['edges'][number]>;

/**
 * The number that a search maximises: the accuracy of the target, or of the ensemble where it
 * counts, on the evaluation images.
 */
export const targetAccuracy = (metrics: EpochMetrics, graph: Graph): number =>
  metrics.nodes[goalOf(graph) - 1]?.accuracy ?? NaN;

const keysOf = <Key extends string>(fields: Record<Key, unknown>) => Object.keys(fields) as Key[];

const allNaN = <Key extends string>(fields: Record<Key, unknown>) =>
  Object.fromEntries(keysOf(fields).map((field) => [field, NaN])) as Record<Key, number>;

/** All NaN: metrics that know only some fields start from it. */
export const unmeasuredNode: Readonly<NodeMetrics> = allNaN(nodeFields);
export const unmeasuredEdge: Readonly<EdgeMetrics> = allNaN(edgeFields);

/** How records of numbers are packed: record after record, little-endian. */
interface Layout<Field extends string> {
  readonly fields: readonly Field[];
  /**
   * Values of a record in the first layout. When there are more, a last byte after all values says
   * how many.
   */
  readonly first: number;
  /** Bytes of a value: float64 or float32. */
  readonly width: 8 | 4;
}

const nodeLayout: Layout<keyof NodeMetrics> = { fields: keysOf(nodeFields), first: 4, width: 8 };
const edgeLayout: Layout<keyof EdgeMetrics> = { fields: keysOf(edgeFields), first: 7, width: 4 };

/** One float64 after the other. */
export const packNodes = (nodes: readonly NodeMetrics[]): Uint8Array => pack(nodeLayout, nodes);

export const unpackNodes = (bytes: Uint8Array): NodeMetrics[] =>
  unpack(nodeLayout, bytes, unmeasuredNode);

/** Only the accuracies of packed nodes. */
export function unpackAccuracies(bytes: Uint8Array): number[] {
  const view = viewOf(bytes);
  const { values, count } = sizesOf(nodeLayout, bytes);
  return Array.from({ length: count }, (_, node) => view.getFloat64(node * values * 8, true));
}

/** One float32 after the other; all NaN for an edge that carries nothing. */
export const packEdges = (edges: readonly (EdgeMetrics | null)[]): Uint8Array =>
  pack(
    edgeLayout,
    edges.map((edge) => edge ?? unmeasuredEdge),
  );

export const unpackEdges = (bytes: Uint8Array): (EdgeMetrics | null)[] =>
  unpack(edgeLayout, bytes, unmeasuredEdge).map((edge) =>
    Number.isNaN(edge.weight) ? null : edge,
  );

function pack<Field extends string>(
  { fields, first, width }: Layout<Field>,
  records: readonly Readonly<Record<Field, number>>[],
): Uint8Array {
  const isMarked = fields.length > first;
  const end = records.length * fields.length * width;
  const view = new DataView(new ArrayBuffer(end + Number(isMarked)));
  let at = 0;
  for (const record of records) {
    for (const field of fields) {
      if (width === 8) view.setFloat64(at, record[field], true);
      else view.setFloat32(at, record[field], true);
      at += width;
    }
  }
  if (isMarked) view.setUint8(end, fields.length);
  return new Uint8Array(view.buffer);
}

/** Fields that the bytes do not hold stay as in `unmeasured`; further ones are left out. */
function unpack<Field extends string>(
  layout: Layout<Field>,
  bytes: Uint8Array,
  unmeasured: Readonly<Record<Field, number>>,
): Record<Field, number>[] {
  const { width } = layout;
  const view = viewOf(bytes);
  const { values, count } = sizesOf(layout, bytes);
  const fields = layout.fields.slice(0, values);
  return Array.from({ length: count }, (_, index) => {
    const record: Record<Field, number> = { ...unmeasured };
    let at = index * values * width;
    for (const field of fields) {
      record[field] = width === 8 ? view.getFloat64(at, true) : view.getFloat32(at, true);
      at += width;
    }
    return record;
  });
}

/** Values of a record, and how many records there are. */
function sizesOf(
  { first, width }: Layout<string>,
  bytes: Uint8Array,
): { values: number; count: number } {
  const isMarked = bytes.length % width === 1;
  const values = isMarked ? bytes.at(-1)! : first;
  return { values, count: values === 0 ? 0 : Math.floor(bytes.length / width / values) };
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** JSON has no NaN and no infinity: null says that it is not a number. */
export const numberOrNull = (value: number): number | null =>
  Number.isFinite(value) ? value : null;

type Wire<Fields extends object> = {
  [
    Field in keyof Fields as Field extends keyof typeof letters ? (typeof letters)[Field] : Field
  ]: Fields[Field] extends typeof amount ? number : number | null;
};
export type WireNode = Wire<typeof nodeFields>;
/** TT, TF, FT, FF are counts of training images of the epoch. */
export type WireEdge = Wire<typeof edgeFields>;

/** `EpochMetrics` with null for what is not a number. */
export interface WireEpoch {
  epoch: number;
  seconds: number;
  nodes: WireNode[];
  edges: (WireEdge | null)[];
}

export const wireEpoch = ({ epoch, seconds, nodes, edges }: EpochMetrics): WireEpoch => ({
  epoch,
  seconds,
  nodes: nodes.map((node) => wire(nodeWire, node) as WireNode),
  edges: edges.map((edge) => edge && (wire(edgeWire, edge) as WireEdge)),
});

/** Fields with their names in JSON, and a record of those names to copy. */
function namesOf(fields: readonly string[]) {
  const names = fields.map(
    (field) => [field, field in letters ? letters[field as never] : field] as const,
  );
  const empty: Record<string, number | null> = {};
  for (const [, name] of names) empty[name] = null;
  return { names, empty };
}

const nodeWire = namesOf(nodeLayout.fields);
const edgeWire = namesOf(edgeLayout.fields);

function wire(
  { names, empty }: ReturnType<typeof namesOf>,
  record: NodeMetrics | EdgeMetrics,
): Record<string, number | null> {
  const result = { ...empty };
  for (const [field, name] of names) result[name] = numberOrNull(record[field as never]);
  return result;
}
