import { DataType, type GraphNode, type Output, typeAttribute } from './graph.ts';
import { flag, type GraphEditor, out, typeOf } from './graph-editor.ts';

/** Most inputs and outputs of a filter whose gradient stays in a core's cache while it is summed. */
const LARGEST_FILTER = 128;
/** Channels in one vector, and pixels in one tile of bfloat16 (core/engine/kernels). */
const VECTOR = 16;
const TILE = 32;

/**
 * Replaces 3x3 convolutions of training and their gradients by our own kernels where they fit.
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
    if (kernels.tiles && type === DataType.bfloat16 && node.op === 'Conv2DBackpropFilter')
      replaceFilterGradient(editor, node);
    if (kernels.convolutions && type === DataType.float) replaceInFloat32(editor, node);
  }
}

/** The gradient of a 3x3 convolution for its input is a convolution with the filter turned. */
function replaceInFloat32(editor: GraphEditor, node: GraphNode): void {
  const isGradient = node.op === 'Conv2DBackpropInput';
  const isForFilter = node.op === 'Conv2DBackpropFilter';
  if (!isGradient && !isForFilter && node.op !== 'Conv2D') return;
  if (node.op === 'Conv2D' && isEvaluated(editor, node)) return;
  const [x, filter, dy] = node.inputs as [Output, Output, Output];
  const map = isGradient ? dy : x;
  const size = isForFilter ? node.shape : editor.nodeOf(filter)?.shape;
  if (!keepsSize(node) || !fitsConvolution(editor.nodeOf(map)?.shape, size)) return;
  const attributes = { T: typeAttribute(DataType.float) };
  editor.remove(node);
  if (isForFilter) editor.put({ ...node, op: 'KtgFilterGradient', inputs: [x, dy], attributes });
  else
    editor.put({
      ...node,
      op: 'KtgConvolution',
      inputs: [map, filter],
      attributes: { ...attributes, turned: flag(isGradient) },
    });
}

/** Whether a norm of evaluation follows, which TensorFlow joins with its convolution. */
const isEvaluated = (editor: GraphEditor, node: GraphNode): boolean =>
  editor.usersOf(out(node)).some(({ op }) => op === 'FusedBatchNorm');

/**
 * Whether our convolutions in float32 compute maps of this shape: whole tiles of 2x2 pixels and
 * whole vectors of channels.
 *
 * @param map [batch, height, width, channels]
 * @param filter [height, width, inputs, outputs]
 */
export function fitsConvolution(
  map: readonly number[] | undefined,
  filter: readonly number[] | undefined,
): boolean {
  if (map?.length !== 4 || filter?.length !== 4) return false;
  const [rows, columns, ...channels] = filter;
  return (
    rows === 3 &&
    columns === 3 &&
    map[1]! % 2 === 0 &&
    map[2]! % 2 === 0 &&
    channels.every((count) => count % VECTOR === 0 && count <= LARGEST_FILTER)
  );
}

/** Whether a convolution or a gradient of one has stride 1 and zeros around its maps. */
function keepsSize({ attributes: { strides, padding } }: GraphNode): boolean {
  const steps = strides?.kind === 'int' && String(strides.value);
  return steps === '1,1,1,1' && padding?.kind === 'string' && padding.value === 'SAME';
}

/** Replaces the gradient of a 3x3 filter and the cast of its result to float32. */
function replaceFilterGradient(editor: GraphEditor, node: GraphNode): void {
  const cast = editor.onlyUserOf(out(node));
  if (cast?.op !== 'Cast') return;
  const [x, , dy] = node.inputs as [Output, Output, Output];
  const { shape: map } = editor.nodeOf(x)!;
  const [size, , inputs, outputs] = node.shape as [number, number, number, number];
  if (size !== 3 || !keepsSize(node)) return;
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
