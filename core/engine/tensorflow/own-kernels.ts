import { DataType, type GraphNode, type Output, typeAttribute } from './graph.ts';
import { flag, GraphEditor, integer, keyOf, out, sameShape, typeOf } from './graph-editor.ts';

/** Operations of core/engine/kernels that this process can run. */
export interface OwnKernels {
  /** Batch norms joined with the additions and ReLUs around them. */
  readonly norms: boolean;
  /** Gradients of filters in bfloat16 with the processor's tiles (AMX). */
  readonly tiles: boolean;
}

export const noKernels: OwnKernels = { norms: false, tiles: false };

/** Most inputs and outputs of a filter whose gradient stays in a core's cache while it is summed. */
const LARGEST_FILTER = 128;
/** Channels in one vector, and pixels in one tile (core/engine/kernels). */
const VECTOR = 16;
const TILE = 32;

/**
 * Returns a recorded graph with our own kernels in place of TensorFlow's where they fit. A norm, an
 * addition of its result and a ReLU become one operation, and so do their gradients, because each
 * operation of its own is a pass over memory. Fused nodes take the names of the nodes whose results
 * they give. Pure.
 */
export function withOwnKernels(nodes: readonly GraphNode[], kernels: OwnKernels): GraphNode[] {
  const editor = new GraphEditor(nodes);
  if (kernels.norms || kernels.tiles) for (const node of nodes) dropReshape(editor, node);
  if (kernels.norms) {
    const inverses = new Map<string, Output>();
    for (const node of nodes) if (node.op === 'FusedBatchNormV3') joinNorm(editor, node, inverses);
    for (const node of nodes)
      if (node.op === 'FusedBatchNormGradV3') joinNormGradient(editor, node, inverses);
  }
  if (kernels.tiles)
    for (const node of nodes)
      if (node.op === 'Conv2DBackpropFilter') replaceFilterGradient(editor, node);
  return editor.result();
}

/** Whether an addition adds two different maps of its own shape. */
const addsMaps = (editor: GraphEditor, added: GraphNode): boolean =>
  new Set(added.inputs.map((input) => keyOf(editor.present(input)))).size === 2 &&
  added.inputs.every((input) => sameShape(added, editor.nodeOf(input)));

/** tfjs's gradient of an addition reshapes even what has the right shape. */
function dropReshape(editor: GraphEditor, node: GraphNode): void {
  const [input] = node.inputs;
  if (node.op !== 'Reshape' || input!.index !== 0) return;
  if (!sameShape(node, editor.nodeOf(input!))) return;
  editor.remove(node);
  editor.move(out(node), editor.present(input!));
}

/**
 * Joins a norm with the addition and the ReLU that alone use its result. Adds the output with its
 * inverse deviation to `inverses`, by the name of the norm.
 */
function joinNorm(editor: GraphEditor, norm: GraphNode, inverses: Map<string, Output>): void {
  if ((norm.shape?.at(-1) ?? 1) % VECTOR !== 0) return;
  const user = editor.onlyUserOf(out(norm));
  const added = user?.op === 'Add' && addsMaps(editor, user) ? user : undefined;
  const relu = added ? editor.onlyUserOf(out(added)) : user;
  const joined = relu?.op === 'Relu' ? [norm, ...(added ? [added] : []), relu] : [norm];
  const end = joined.at(-1)!;
  const [x, gamma, beta] = norm.inputs as [Output, Output, Output];
  const others = joined.length === 3 ? added!.inputs.filter(({ node }) => node !== norm.name) : [];
  for (const node of joined) editor.remove(node);
  editor.put({
    ...end,
    op: 'KtgNorm',
    inputs: [x, gamma, beta, ...others],
    attributes: {
      T: norm.attributes.T!,
      N: integer(others.length),
      relu: flag(end !== norm),
      epsilon: norm.attributes.epsilon!,
    },
  });
  if (end !== norm) for (const index of [1, 2]) editor.move(out(norm, index), out(end, index));
  inverses.set(norm.name, out(end, 3));
}

/** Joins the gradient of a norm with those of its ReLU and the addition of two slopes before. */
function joinNormGradient(
  editor: GraphEditor,
  gradient: GraphNode,
  inverses: ReadonlyMap<string, Output>,
): void {
  const [slope, x, gamma, statistics] = gradient.inputs as [Output, Output, Output, Output];
  const inverse = inverses.get(statistics.node);
  if (!inverse) return;
  const before = editor.nodeOf(slope)!;
  const masked = before.op === 'ReluGrad' && typeOf(before) === typeOf(gradient);
  const [dy, y] = masked ? (before.inputs as [Output, Output]) : [slope];
  const sum = editor.nodeOf(dy)!;
  const summed =
    masked && sum.op === 'Add' && editor.onlyUserOf(out(sum)) === before && addsMaps(editor, sum);
  const slopes = summed ? sum.inputs : [dy];
  const keeps = masked && editor.usersOf(out(before)).length > 1;
  for (const node of [...(masked ? [before] : []), ...(summed ? [sum] : []), gradient])
    editor.remove(node);
  editor.put({
    ...gradient,
    op: 'KtgNormGradient',
    inputs: [x, gamma, { ...inverse, index: 1 }, inverse, ...slopes, ...(y ? [y] : [])],
    attributes: {
      T: gradient.attributes.T!,
      N: integer(slopes.length),
      M: integer(y ? 1 : 0),
      keep_slope: flag(keeps),
    },
  });
  if (masked) editor.move(out(before), out(gradient, 3));
}

/** Replaces the gradient of a 3x3 filter and the cast of its result to float32. */
function replaceFilterGradient(editor: GraphEditor, node: GraphNode): void {
  const cast = editor.onlyUserOf(out(node));
  if (typeOf(node) !== DataType.bfloat16 || cast?.op !== 'Cast') return;
  const [x, , dy] = node.inputs as [Output, Output, Output];
  const { shape: map } = editor.nodeOf(x)!;
  const { strides, padding } = node.attributes;
  const steps = strides?.kind === 'int' && String(strides.value);
  const same = padding?.kind === 'string' && padding.value === 'SAME';
  const [size, , inputs, outputs] = node.shape as [number, number, number, number];
  if (size !== 3 || !same || steps !== '1,1,1,1') return;
  if (map?.length !== 4 || !fitsTiles(map, inputs, outputs)) return;
  editor.remove(node);
  editor.remove(cast);
  const attributes = { T: typeAttribute(DataType.bfloat16) };
  editor.put({ ...cast, op: 'KtgFilterGradient', inputs: [x, dy], attributes });
}

/** @param map [batch, height, width, inputs] */
function fitsTiles(map: readonly number[], inputs: number, outputs: number): boolean {
  const [, height, width] = map as [number, number, number];
  return (
    [inputs, outputs].every((count) => count % VECTOR === 0 && count <= LARGEST_FILTER) &&
    width % 2 === 0 &&
    (height * width) % TILE === 0
  );
}
