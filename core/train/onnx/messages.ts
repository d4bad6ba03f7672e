import { Message } from './protobuf.ts';

/** Field numbers and enums are those of onnx.proto3 (ONNX 1.12, IR version 8). */
const IR_VERSION = 8;
/** Of the default operators: onnx.ai/onnx/operators. */
const OPSET = 17;
const FLOAT = 1;
const INT64 = 7;

/** Value of an attribute of an operator: whole numbers, or a float. */
export type Attribute = number | readonly number[] | { readonly float: number };

export interface OnnxNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

export interface OnnxTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array | BigInt64Array;
}

/** An input or output; a word stands for a size that is open. */
interface OnnxValue {
  readonly name: string;
  readonly shape: readonly (number | string)[];
}

export interface OnnxGraph {
  readonly name: string;
  readonly description: string;
  readonly nodes: readonly OnnxNode[];
  readonly tensors: readonly OnnxTensor[];
  readonly input: OnnxValue;
  readonly output: OnnxValue;
  readonly notes: Readonly<Record<string, string>>;
}

/** Returns an ONNX file in parts. */
export function encodeOnnx({ notes, ...graph }: OnnxGraph): readonly Uint8Array[] {
  const model = new Message()
    .integer(1, IR_VERSION)
    .text(2, 'KTG lab')
    .text(6, graph.description)
    .message(7, graphMessage(graph))
    .message(8, new Message().text(1, '').integer(2, OPSET));
  for (const [key, value] of Object.entries(notes))
    model.message(14, new Message().text(1, key).text(2, value));
  return model.parts();
}

const graphMessage = (graph: Omit<OnnxGraph, 'notes'>): Message =>
  new Message()
    .messages(1, graph.nodes.map(nodeMessage))
    .text(2, graph.name)
    .messages(5, graph.tensors.map(tensorMessage))
    .message(11, valueMessage(graph.input))
    .message(12, valueMessage(graph.output));

function nodeMessage({ operator, inputs, output, attributes = {} }: OnnxNode): Message {
  const message = new Message();
  for (const input of inputs) message.text(1, input);
  return message
    .text(2, output)
    .text(3, `${operator} ${output}`)
    .text(4, operator)
    .messages(5, Object.entries(attributes).map(attributeMessage));
}

function attributeMessage([name, value]: [string, Attribute]): Message {
  const message = new Message().text(1, name);
  if (typeof value === 'number') return message.integer(3, value).integer(20, 2);
  if ('float' in value) return message.float(2, value.float).integer(20, 1);
  for (const each of value) message.integer(8, each);
  return message.integer(20, 7);
}

function tensorMessage({ name, shape, values }: OnnxTensor): Message {
  const message = new Message();
  for (const size of shape) message.integer(1, size);
  return message
    .integer(2, values instanceof Float32Array ? FLOAT : INT64)
    .text(8, name)
    .bytes(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}

function valueMessage({ name, shape }: OnnxValue): Message {
  const sizes = new Message().messages(
    1,
    shape.map((size) =>
      typeof size === 'number' ? new Message().integer(1, size) : new Message().text(2, size),
    ),
  );
  const tensor = new Message().integer(1, FLOAT).message(2, sizes);
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}
