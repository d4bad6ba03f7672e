/**
 * Operations by the name of their single output in TensorFlow's definitions. Operations that no
 * step uses are absent.
 */
const operations: Readonly<Record<string, string>> = {
  z: 'Add AddV2 Sub Mul RealDiv FloorDiv Maximum Minimum Equal NotEqual Less GreaterEqual LogicalAnd LogicalOr',
  y: 'Abs Cast Exp IsFinite Log Neg OnesLike Rsqrt Sqrt Square ZerosLike',
  output: `All Any ArgMax AvgPool AvgPoolGrad BatchMatMulV2 ConcatV2 Const Conv2D Conv2DBackpropFilter Conv2DBackpropInput
    DepthwiseConv2dNative DepthwiseConv2dNativeBackpropFilter DepthwiseConv2dNativeBackpropInput
    ExpandDims Fill GatherV2 Identity Max MaxPool MaxPoolGrad Mean OneHot Pack PadV2 Reshape Select
    SelectV2 Slice StridedSlice StridedSliceGrad Sum Tile`,
  activations: 'Relu',
  backprops: 'ReluGrad',
  logsoftmax: 'LogSoftmax',
  value: 'ReadVariableOp',
};

const names = new Map(
  Object.entries(operations).flatMap(([name, ops]) =>
    ops.split(/\s+/).map((op) => [op, name] as const),
  ),
);

/** Operations whose single output is a list of tensors; its name is always `output`. */
const lists = new Set(['Split', 'SplitV', 'StatefulPartitionedCall', 'Unpack', 'While']);

/**
 * Returns the name of output `index` inside a function body: `z:0`, or `output:2` in a list. A
 * graph numbers outputs, a function names them, and the addon lacks the part of TensorFlow's C API
 * that knows the names.
 */
export function outputName(op: string, index: number): string {
  if (lists.has(op)) return `output:${index}`;
  const name = names.get(op);
  if (name === undefined || index > 0)
    throw new Error(`op-outputs.ts does not know output ${index} of ${op}.`);
  return `${name}:0`;
}
