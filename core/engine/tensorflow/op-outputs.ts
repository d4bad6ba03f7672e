/**
 * Operations by the name of their one output, as TensorFlow defines them. Those that a step never
 * uses are absent.
 */
const operations: Readonly<Record<string, string>> = {
  z: 'Add AddV2 Sub Mul RealDiv Maximum Minimum Equal NotEqual Less GreaterEqual LogicalAnd',
  y: 'Abs Cast Exp IsFinite Log Neg Rsqrt Square ZerosLike',
  output: `All ArgMax AvgPool AvgPoolGrad BatchMatMulV2 ConcatV2 Const Conv2D Conv2DBackpropFilter Conv2DBackpropInput
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

/** Operations whose one output is a list of tensors; all of these call it `output`. */
const lists = new Set(['Split', 'SplitV', 'StatefulPartitionedCall', 'Unpack', 'While']);

/**
 * How the body of a function names output `index` of an operation: `z:0`, or `output:2` in a list.
 * A graph numbers outputs, a function names them, and the addon does not pass on the part of
 * TensorFlow's C API that knows the names.
 */
export function outputName(op: string, index: number): string {
  if (lists.has(op)) return `output:${index}`;
  const name = names.get(op);
  if (name === undefined || index > 0)
    throw new Error(`op-outputs.ts does not know output ${index} of ${op}.`);
  return `${name}:0`;
}
