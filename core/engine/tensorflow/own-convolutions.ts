import { type Attribute, DataType, type GraphNode, type Output, typeAttribute } from './graph.ts';
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

/** How kernels compute one type of maps. */
interface Way {
  readonly type: DataType;
  readonly fits: Fits;
  /** Of gradients of filters. */
  readonly fitsGradient: Fits;
  /** Of filters. */
  readonly filterType: DataType;
  readonly tiles: boolean;
}

/**
 * Replaces 3x3 convolutions and their gradients by our own kernels where they fit.
 *
 * @param kernels those that the process can run
 */
export function replaceConvolutions(
  editor: GraphEditor,
  nodes: readonly GraphNode[],
  kernels: Readonly<Record<'tiles' | 'vectors' | 'convolutions', boolean>>,
): void {
  const used: Way[] = [];
  if (kernels.convolutions) used.push(squares);
  if (kernels.tiles || kernels.vectors) used.push(kernels.tiles ? tiles : rows);
  for (const node of nodes) {
    const way = used.find(({ type }) => type === typeOf(node));
    if (!way) continue;
    if (node.op === 'Conv2DBackpropFilter') replaceFilterGradient(editor, node, way);
    else replaceConvolution(editor, node, way);
  }
}

/** Whether a kernel computes maps [batch, height, width, channels] with a filter. */
type Fits = (map: readonly number[], filter: readonly number[]) => boolean;

/**
 * The gradient of a 3x3 convolution for its input is a convolution with the filter turned. An
 * addition to the result is part of it.
 */
function replaceConvolution(editor: GraphEditor, node: GraphNode, way: Way): void {
  const turned = node.op === 'Conv2DBackpropInput';
  if (!turned && node.op !== 'Conv2D') return;
  const [first, given, dy] = node.inputs as [Output, Output, Output];
  const x = turned ? dy : first;
  const size = shapeOf(editor, given);
  const map = shapeOf(editor, x);
  if (!keepsSize(node) || map?.length !== 4 || size?.length !== 4) return;
  const [rows, columns, ...channels] = size as [number, number, number, number];
  // As a convolution that reads the map, whose filter is exchanged for the gradient.
  const read = turned ? channels.toReversed() : channels;
  if (!way.fits(map, [rows, columns, ...read])) return;
  const filter = way.filterType === way.type ? given : beforeCast(editor, given);
  if (!filter) return;
  const type = typeAttribute(way.filterType);
  if (turned || !joinNorm(editor, node, filter, type)) joinAddition(editor, node, filter, type);
  // The last kernel that reads a filter before its cast leaves that cast unused.
  if (filter !== given && editor.usersOf(given).length === 0) editor.remove(editor.nodeOf(given)!);
}

/** Joins a convolution, or the gradient of one for its input, with an addition to its result. */
function joinAddition(editor: GraphEditor, node: GraphNode, filter: Output, type: Attribute): void {
  const turned = node.op === 'Conv2DBackpropInput';
  const x = node.inputs[turned ? 2 : 0]!;
  const sum = addition(editor, node);
  const others = sum ? [sum.other] : [];
  for (const each of [node, ...(sum ? [sum.added] : [])]) editor.remove(each);
  editor.put({
    ...(sum?.added ?? node),
    op: 'KtgConvolution',
    inputs: [x, filter, ...others],
    attributes: {
      T: node.attributes.T!,
      F: type,
      N: integer(others.length),
      turned: flag(turned),
    },
  });
}

/** Returns what a cast reads; undefined where an output is not that of a cast. */
function beforeCast(editor: GraphEditor, output: Output): Output | undefined {
  const { op, inputs } = editor.nodeOf(output)!;
  return op === 'Cast' ? inputs[0] : undefined;
}

/**
 * Joins a convolution with its norm of evaluation, which computes in float32, and with what follows
 * that. Returns whether there is one.
 */
function joinNorm(editor: GraphEditor, node: GraphNode, filter: Output, type: Attribute): boolean {
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
    inputs: [node.inputs[0]!, filter, ...norm.inputs.slice(1), ...others],
    attributes: {
      T: node.attributes.T!,
      F: type,
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

/** Replaces the gradient of a 3x3 filter and, in bfloat16, the cast of its result to float32. */
function replaceFilterGradient(editor: GraphEditor, node: GraphNode, way: Way): void {
  const cast = way.type === DataType.float ? undefined : editor.onlyUserOf(out(node));
  if (way.type !== DataType.float && cast?.op !== 'Cast') return;
  const [x, , dy] = node.inputs as [Output, Output, Output];
  const { shape: map } = editor.nodeOf(x)!;
  if (!keepsSize(node) || map?.length !== 4 || !way.fitsGradient(map, node.shape!)) return;
  editor.remove(node);
  if (cast) editor.remove(cast);
  editor.put({
    ...(cast ?? node),
    op: 'KtgFilterGradient',
    inputs: [x, dy],
    attributes: { T: node.attributes.T!, tiles: flag(way.tiles) },
  });
}

/** Whether our gradients of filters in bfloat16 compute maps: pairs of pixels, in whole tiles. */
const fitsPairs: Fits = ([, height, width], filter) =>
  isThreeByThree(filter) && width! % 2 === 0 && (height! * width!) % TILE === 0;

const squares: Way = {
  type: DataType.float,
  filterType: DataType.float,
  fits: fitsConvolution,
  fitsGradient: fitsConvolution,
  tiles: false,
};
const tiles: Way = {
  type: DataType.bfloat16,
  filterType: DataType.bfloat16,
  fits: fitsTiles,
  fitsGradient: fitsPairs,
  tiles: true,
};
/** Their kernels transform filters before they round them. */
const rows: Way = {
  type: DataType.bfloat16,
  filterType: DataType.float,
  fits: (_, filter) => isThreeByThree(filter),
  fitsGradient: (_, filter) => isThreeByThree(filter),
  tiles: false,
};
