import { BATCH_NORM_EPSILON } from '../../models/conventions.ts';
import type { Architecture, Layer } from '../../models/layers.ts';
import { layerName } from '../torch/names.ts';
import { type NetworkTensors, torchTensors } from '../torch/weights.ts';
import { type Attribute, encodeOnnx, type OnnxNode, type OnnxTensor } from './messages.ts';

const INPUT = 'images';
const OUTPUT = 'logits';
/** Beyond every side of an image: "to the end" of a slice. */
const END = 2 ** 31 - 1;

/**
 * Returns a network in evaluation mode as an ONNX file, in parts. Input `images` [batch, 3, side,
 * side], pixel values / 255; output `logits` [batch, classes]. Weights have PyTorch's names.
 *
 * @param notes metadata for people and programs
 */
export function onnxModel(
  model: Architecture,
  classes: number,
  own: NetworkTensors,
  notes: Readonly<Record<string, string>>,
): readonly Uint8Array[] {
  const { side, title, name } = model;
  const graph = new GraphWriter(model);
  const last = graph.pass(model.layers, INPUT);
  graph.rename(last, OUTPUT);
  return encodeOnnx({
    name,
    description: `${title} for ${classes} classes; input: RGB, pixel values / 255.`,
    nodes: graph.nodes,
    tensors: [...torchTensors(model, classes, own), ...graph.constants],
    input: { name: INPUT, shape: ['batch', 3, side, side] },
    output: { name: OUTPUT, shape: ['batch', classes] },
    notes,
  });
}

class GraphWriter {
  nodes: OnnxNode[] = [];
  readonly constants: OnnxTensor[] = [];
  readonly #model: Architecture;

  constructor(model: Architecture) {
    this.#model = model;
  }

  /** Adds some layers over a value; returns the name of their result. */
  pass(layers: readonly Layer[], input: string): string {
    return layers.reduce((at, layer) => this.#layer(layer, at), input);
  }

  rename(from: string, to: string): void {
    this.nodes = this.nodes.map((node) => (node.output === from ? { ...node, output: to } : node));
  }

  #layer(layer: Layer, at: string): string {
    switch (layer.kind) {
      case 'convolution': {
        const { size, stride, bias } = layer;
        return this.#convolution(layer.name, at, { size, stride, group: 1, bias });
      }
      case 'depthwise': {
        const { channels, stride } = layer;
        return this.#convolution(layer.name, at, { size: 3, stride, group: channels, bias: false });
      }
      case 'batch-norm': {
        const name = layerName(this.#model, layer.name);
        const parts = ['weight', 'bias', 'running_mean', 'running_var'];
        const inputs = [at, ...parts.map((part) => `${name}.${part}`)];
        return this.#node('BatchNormalization', inputs, { epsilon: { float: BATCH_NORM_EPSILON } });
      }
      case 'relu':
        return this.#node('Relu', [at]);
      case 'max-pool': {
        const { size, padding } = layer;
        return this.#node('MaxPool', [at], window(size, 2, padding));
      }
      case 'every-second-pixel': {
        const bounds = [
          [0, 0],
          [END, END],
          [2, 3],
          [2, 2],
        ].map((each) => this.#constant(each));
        return this.#node('Slice', [at, ...bounds]);
      }
      case 'append-channels':
        return this.#node('Pad', [at, this.#constant([0, 0, 0, 0, 0, layer.count, 0, 0])]);
      case 'residual':
        return this.#node('Add', [this.pass(layer.shortcut, at), this.pass(layer.body, at)]);
      case 'global-average':
        return this.#node('Flatten', [this.#node('GlobalAveragePool', [at])]);
      case 'dense': {
        const name = layerName(this.#model, layer.name);
        return this.#node('Gemm', [at, `${name}.weight`, `${name}.bias`], { transB: 1 });
      }
      case 'stage-end':
        return at;
    }
  }

  #convolution(
    layer: string,
    at: string,
    { size, stride, group, bias }: { size: number; stride: number; group: number; bias: boolean },
  ): string {
    const name = layerName(this.#model, layer);
    const inputs = [at, `${name}.weight`, ...(bias ? [`${name}.bias`] : [])];
    return this.#node('Conv', inputs, { ...window(size, stride, (size - 1) / 2), group });
  }

  #node(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    const output = `value${this.nodes.length + 1}`;
    this.nodes.push({ operator, inputs, output, attributes });
    return output;
  }

  #constant(numbers: readonly number[]): string {
    const name = `constant${this.constants.length + 1}`;
    const values = BigInt64Array.from(numbers, BigInt);
    this.constants.push({ name, shape: [numbers.length], values });
    return name;
  }
}

const window = (size: number, stride: number, padding: number): Record<string, Attribute> => ({
  kernel_shape: [size, size],
  strides: [stride, stride],
  pads: [padding, padding, padding, padding],
});
