import { DataType, type GraphNode, type Output } from './graph.ts';
import {
  activation,
  addition,
  flag,
  type GraphEditor,
  integer,
  out,
  shapeOf,
  typeOf,
} from './graph-editor.ts';

/** Most inputs and outputs of a filter whose gradient stays in a core's cache while it is summed. */
const LARGEST_FILTER = 128;
/** Channels in one vector, and pixels or inputs in one tile of bfloat16 (core/engine/kernels). */
const VECTOR = 16;
const TILE = 32;

/**
 * Replaces 3x3 convolutions and their gradients by our own kernels where they fit.
 *
 * @param kernels those that the process can run
 */
export function replaceConvolutions(
  editor: GraphEditor,
  nodes: readonly GraphNode[],
  kernels: { readonly tiles: boolean; readonly convolutions: boolean },
): void {
  for (const node of nodes) {
    const type = typeOf(node);
    if (kernels.convolutions && type === DataType.float) {
      if (node.op === 'Conv2DBackpropFilter') replaceFilterGradient(editor, node, fitsConvolution);
      else replaceConvolution(editor, node, fitsConvolution);
    }
    if (kernels.tiles && type === DataType.bfloat16) {
      if (node.op === 'Conv2DBackpropFilter') replaceShortFilterGradient(editor, node);
      else replaceConvolution(editor, node, fitsTiles);
    }
  }
}

/** Whether a kernel computes maps [batch, height, width, channels] with a filter. */
type Fits = (map: readonly number[], filter: readonly number[]) => boolean;

/**
 * The gradient of a 3x3 convolution for its input is a convolution with the filter turned. An
 * addition to the result is part of it.
 */
function replaceConvolution(editor: GraphEditor, node: GraphNode, fits: Fits): void {
  const turned = node.op === 'Conv2DBackpropInput';
  if (!turned && node.op !== 'Conv2D') return;
  const [first, filter, dy] = node.inputs as [Output, Output, Output];
  const x = turned ? dy : first;
  const size = shapeOf(editor, filter);
  const map = shapeOf(editor, x);
  if (!keepsSize(node) || map?.length !== 4 || size?.length !== 4) return;
  const [rows, columns, ...channels] = size as [number, number, number, number];
  // As a convolution that reads the map, whose filter is exchanged for the gradient.
  const read = turned ? channels.toReversed() : channels;
  if (!fits(map, [rows, columns, ...read])) return;
  if (!turned && joinNorm(editor, node)) return;
  const sum = addition(editor, node);
  const others = sum ? [sum.other] : [];
  for (const each of [node, ...(sum ? [sum.added] : [])]) editor.remove(each);
  editor.put({
    ...(sum?.added ?? node),
    op: 'KtgConvolution',
    inputs: [x, filter, ...others],
    attributes: { T: node.attributes.T!, N: integer(others.length), turned: flag(turned) },
  });
}

/**
 * Joins a convolution with its norm of evaluation, which computes in float32, and with what follows
 * that. Returns whether there is one.
 */
function joinNorm(editor: GraphEditor, node: GraphNode): boolean {
  const user = editor.onlyUserOf(out(node));
  const norm = user?.op === 'Cast' ? editor.onlyUserOf(out(user)) : user;
  if (norm?.op !== 'FusedBatchNorm') return false;
  const back = norm === user ? norm : editor.onlyUserOf(out(norm));
  if (!back || (norm !== user && back.op !== 'Cast')) return false;
  const { followers, others } = activation(editor, back);
  const end = followers.at(-1) ?? back;
  for (const each of new Set([node, user!, norm, back, ...followers])) editor.remove(each);
  editor.put({
    ...end,
    op: 'KtgNormedConvolution',
    inputs: [...node.inputs, ...norm.inputs.slice(1), ...others],
    attributes: {
      T: node.attributes.T!,
      N: integer(others.length),
      relu: flag(end !== back),
      epsilon: norm.attributes.epsilon!,
    },
  });
  return true;
}

/**
 * Whether our convolutions in float32 compute maps of this shape: whole tiles of 2x2 pixels and
 * whole vectors of channels.
 *
 * @param map [batch, height, width, channels]
 * @param filter [height, width, inputs, outputs]
 */
export function fitsConvolution(map: readonly number[], filter: readonly number[]): boolean {
  const [, height, width] = map as [number, number, number];
  return height % 2 === 0 && width % 2 === 0 && isThreeByThree(filter);
}

/** Whether our convolutions in bfloat16 compute maps: tiles hold 32 inputs, or 16 of two taps. */
const fitsTiles: Fits = (_, filter) =>
  isThreeByThree(filter) && (filter[2] === VECTOR || filter[2]! % TILE === 0);

const isThreeByThree = ([rows, columns, ...channels]: readonly number[]): boolean =>
  rows === 3 &&
  columns === 3 &&
  channels.every((count) => count % VECTOR === 0 && count <= LARGEST_FILTER);

/** Whether a convolution or a gradient of one has stride 1 and zeros around its maps. */
function keepsSize({ attributes: { strides, padding } }: GraphNode): boolean {
  const steps = strides?.kind === 'int' && String(strides.value);
  return steps === '1,1,1,1' && padding?.kind === 'string' && padding.value === 'SAME';
}

function replaceFilterGradient(editor: GraphEditor, node: GraphNode, fits: Fits): void {
  const [x, , dy] = node.inputs as [Output, Output, Output];
  const { shape: map } = editor.nodeOf(x)!;
  if (!keepsSize(node) || map?.length !== 4 || !fits(map, node.shape!)) return;
  editor.remove(node);
  const attributes = { T: node.attributes.T! };
  editor.put({ ...node, op: 'KtgFilterGradient', inputs: [x, dy], attributes });
}

/** Replaces the gradient of a 3x3 filter in bfloat16 and the cast of its result to float32. */
function replaceShortFilterGradient(editor: GraphEditor, node: GraphNode): void {
  const cast = editor.onlyUserOf(out(node));
  if (cast?.op !== 'Cast') return;
  const [x, , dy] = node.inputs as [Output, Output, Output];
  const { shape: map } = editor.nodeOf(x)!;
  if (!keepsSize(node) || map?.length !== 4 || !fitsPairs(map, node.shape!)) return;
  editor.remove(node);
  editor.remove(cast);
  const attributes = { T: node.attributes.T! };
  editor.put({ ...cast, op: 'KtgFilterGradient', inputs: [x, dy], attributes });
}

/** Whether our gradients of filters in bfloat16 compute maps: pairs of pixels, in whole tiles. */
const fitsPairs: Fits = ([, height, width], filter) =>
  isThreeByThree(filter) && width! % 2 === 0 && (height! * width!) % TILE === 0;
