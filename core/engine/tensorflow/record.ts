import type { OpAttribute, TensorFlow, TensorFlowBinding, TensorMetadata } from './binding.ts';
import {
  type Attribute,
  DataType,
  fromBinding,
  type GraphBuilder,
  type Output,
  typeAttribute,
} from './graph.ts';
import { sizeOf } from '../../models/tensors.ts';
import type { Tensor } from '../ops.ts';

/**
 * Constants above this many elements are a mistake: data that must be an input, or random numbers.
 * (The sizes for splitting a deep network's flat parameters are some hundred elements.)
 */
const LARGEST_CONSTANT = 4096;

/**
 * Operations with most of a step's arithmetic, with the indexes of their factors among the inputs.
 */
const products: Readonly<Record<string, readonly number[]>> = {
  BatchMatMulV2: [0, 1],
  Conv2D: [0, 1],
  Conv2DBackpropFilter: [0, 2],
  Conv2DBackpropInput: [1, 2],
};

/**
 * Records the operations of tfjs as nodes of a graph. While `run` is active, every operation still
 * runs (tfjs needs the shapes) and is also added to the graph. Tensors bound before become its
 * inputs, tensors made inside become constants. The computed numbers are meaningless.
 */
export class Recorder {
  private readonly outputs = new Map<number, Output>();
  private readonly types = new Map<number, number>();
  /**
   * One tensor per shape of large floats, returned by all operations while recording (see `blank`).
   */
  private readonly blanks = new Map<string, number>();

  private readonly tensorflow: TensorFlow;
  private readonly graph: GraphBuilder;

  private readonly bfloat16: boolean;
  /**
   * Outputs in bfloat16 by the float32 outputs of their casts, so that each filter is cast once.
   */
  private readonly shortened = new Map<string, Output>();

  /**
   * @param bfloat16 records convolutions and matrix products in bfloat16, with casts around them
   */
  constructor(tensorflow: TensorFlow, graph: GraphBuilder, bfloat16 = false) {
    this.tensorflow = tensorflow;
    this.graph = graph;
    this.bfloat16 = bfloat16;
  }

  /** Makes an output of the graph stand for a tensor. */
  bind(tensor: Tensor, output: Output): void {
    this.outputs.set(this.idOf(tensor), output);
  }

  /** Returns the graph's output for a recorded tensor. */
  outputOf(tensor: Tensor): Output {
    const output = this.outputs.get(this.idOf(tensor));
    if (!output) throw new Error('This tensor was not computed while recording.');
    return output;
  }

  run<T>(compute: () => T): T {
    const { backend, binding } = this.tensorflow;
    backend.binding = this.recording(binding);
    try {
      return compute();
    } finally {
      backend.binding = binding;
      for (const id of this.blanks.values()) binding.deleteTensor(id);
      this.blanks.clear();
    }
  }

  /**
   * Only shapes of results matter here, not numbers. All results of one shape share one buffer, so
   * recording needs some tens of MiB instead of a GiB for the activations of a step.
   */
  private blank(result: TensorMetadata): TensorMetadata {
    const { binding } = this.tensorflow;
    if (result.dtype !== DataType.float || sizeOf(result.shape) <= LARGEST_CONSTANT) return result;
    const key = result.shape.join('x');
    const known = this.blanks.get(key);
    if (known === undefined) this.blanks.set(key, result.id);
    else binding.deleteTensor(result.id);
    const type = { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
    return binding.executeOp('Identity', [type], [known ?? result.id], 1)[0]!;
  }

  /** Adds a product of bfloat16 factors, cast back to float32. */
  private shortProduct(
    op: string,
    inputs: readonly Output[],
    attributes: Readonly<Record<string, Attribute>>,
  ): Output {
    const short = (input: Output): Output => {
      const key = `${input.node}:${input.index}`;
      const cast =
        this.shortened.get(key) ?? this.graph.cast(input, DataType.float, DataType.bfloat16);
      this.shortened.set(key, cast);
      return cast;
    };
    const factors = inputs.map((input, i) => (products[op]!.includes(i) ? short(input) : input));
    const T = typeAttribute(DataType.bfloat16);
    const product = this.graph.add(this.graph.fresh(op), op, factors, { ...attributes, T });
    return this.graph.cast(product, DataType.bfloat16, DataType.float);
  }

  private idOf(tensor: Tensor): number {
    return this.tensorflow.backend.getInputTensorIds([tensor])[0]!;
  }

  /**
   * Returns the addon with two recording methods. Its own methods are read-only, hence the copy.
   */
  private recording(binding: TensorFlowBinding): TensorFlowBinding {
    const copy = Object.fromEntries(
      Object.entries(Object.getOwnPropertyDescriptors(binding)).map(([name, { value }]) => [
        name,
        value as unknown,
      ]),
    ) as unknown as TensorFlowBinding;
    return Object.assign(copy, {
      createTensor: (shape: number[], type: number, data: ArrayBufferView) => {
        const id = binding.createTensor(shape, type, data);
        if (sizeOf(shape) > LARGEST_CONSTANT) {
          throw new Error(`A constant of shape [${shape.join(', ')}] may not be part of a step.`);
        }
        const values = type === DataType.bool ? Uint8Array.from(data as Uint8Array) : data;
        const content = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
        this.outputs.set(id, this.graph.constant(type as DataType, shape, content));
        this.types.set(id, type);
        return id;
      },
      executeOp: (op: string, attributes: OpAttribute[], ids: number[], n: number) => {
        const results = binding
          .executeOp(op, attributes, ids, n)
          .map((result) => this.blank(result));
        const inputs = ids.map((id) => {
          const output = this.outputs.get(id);
          if (!output) throw new Error(`An input of ${op} was made before recording began.`);
          return output;
        });
        const recorded = Object.fromEntries(
          attributes.map((attribute) => [attribute.name, fromBinding(binding, attribute)]),
        );
        // tfjs leaves these types to TensorFlow's eager mode, which infers them; a graph needs
        // them.
        if (op === 'ExpandDims') {
          recorded.T = typeAttribute(this.types.get(ids[0]!) ?? DataType.float);
          recorded.Tdim = typeAttribute(DataType.int32);
        }
        const output =
          this.bfloat16 && op in products
            ? this.shortProduct(op, inputs, recorded)
            : this.graph.add(this.graph.fresh(op), op, inputs, recorded);
        results.forEach((result: TensorMetadata, index: number) => {
          this.outputs.set(result.id, { ...output, index });
          this.types.set(result.id, result.dtype);
        });
        return results;
      },
      tensorDataSync: () => {
        throw new Error('A step may not read tensors back while it is recorded.');
      },
    });
  }
}
