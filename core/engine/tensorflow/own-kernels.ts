import type { GraphNode, Output } from './graph.ts';
import {
  activation,
  addition,
  addsMaps,
  flag,
  GraphEditor,
  integer,
  out,
  sameShape,
  typeOf,
} from './graph-editor.ts';
import { replaceConvolutions } from './own-convolutions.ts';

/** Operations of core/engine/kernels that this process can run. */
export interface OwnKernels {
  /** Batch norms joined with the additions and ReLUs around them. */
  readonly norms: boolean;
  /** 3x3 convolutions in bfloat16, and their gradients, with the processor's tiles (AMX). */
  readonly tiles: boolean;
  /** The same with its vectors (AVX-512 BF16), where it has no tiles. */
  readonly vectors: boolean;
  /** 3x3 convolutions in float32, and their gradients. */
  readonly convolutions: boolean;
}

export const noKernels: OwnKernels = {
  norms: false,
  tiles: false,
  vectors: false,
  convolutions: false,
};

/** Channels in one vector (core/engine/kernels). */
const VECTOR = 16;

/**
 * Returns a recorded graph with our own kernels in place of TensorFlow's where they fit. A norm, an
 * addition of its result and a ReLU become one operation, and so do their gradients, because each
 * operation of its own is a pass over memory. Fused nodes take the names of the nodes whose results
 * they give. Pure.
 */
export function withOwnKernels(nodes: readonly GraphNode[], kernels: OwnKernels): GraphNode[] {
  const editor = new GraphEditor(nodes);
  if (Object.values(kernels).includes(true)) for (const node of nodes) dropReshape(editor, node);
  if (kernels.norms) {
    const inverses = new Map<string, Output>();
    for (const node of nodes) if (node.op === 'FusedBatchNormV3') joinNorm(editor, node, inverses);
    const gradients = nodes.filter(({ op }) => op === 'FusedBatchNormGradV3');
    for (const node of gradients) joinNormGradient(editor, node, inverses);
    for (const { name } of gradients) joinAddition(editor, name);
  }
  replaceConvolutions(editor, nodes, kernels);
  return editor.result();
}

/** Whether the kernels of norms compute maps of a shape: whole vectors of channels. */
export const fitsVectors = (shape: readonly number[] = []): boolean =>
  (shape.at(-1) ?? 1) % VECTOR === 0;

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
  if (!fitsVectors(norm.shape)) return;
  const { followers, others } = activation(editor, norm);
  const end = followers.at(-1) ?? norm;
  const [x, gamma, beta] = norm.inputs as [Output, Output, Output];
  for (const node of [norm, ...followers]) editor.remove(node);
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
      P: integer(0),
      keep_slope: flag(keeps),
    },
  });
  if (masked) editor.move(out(before), out(gradient, 3));
}

/**
 * Joins what a norm's gradient writes with an addition, such as the slope beside a block whose first
 * operation is a norm. A gradient that keeps the slope before is left: the sum may depend on that.
 */
function joinAddition(editor: GraphEditor, name: string): void {
  const gradient = editor.nodeOf({ node: name, index: 0 });
  if (gradient?.op !== 'KtgNormGradient') return;
  const { keep_slope: keeps } = gradient.attributes;
  const sum = addition(editor, gradient);
  if (!sum || (keeps?.kind === 'bool' && keeps.value)) return;
  for (const each of [gradient, sum.added]) editor.remove(each);
  editor.put({
    ...gradient,
    inputs: [...gradient.inputs, sum.other],
    attributes: { ...gradient.attributes, P: integer(1) },
  });
  editor.move(out(sum.added), out(gradient));
}
