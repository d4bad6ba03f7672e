import { type Shortened, type ShortPlaces, shortPlaces } from './bfloat16.ts';
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

/** A recorded tensor in its own type, or floats in bfloat16. */
type Form = 'full' | 'short';
/** Types of floats in both forms. */
const formTypes = { full: DataType.float, short: DataType.bfloat16 } as const;

/**
 * Records the operations of tfjs as nodes of a graph. While `run` is active, every operation still
 * runs (tfjs needs the shapes) and is also added to the graph. Tensors bound before become its
 * inputs, tensors made inside become constants. The computed numbers are meaningless.
 */
export class Recorder {
  /** Outputs of the graph by tensor; a tensor in one form only is cast to the other on first use. */
  private readonly outputs: Readonly<Record<Form, Map<number, Output>>> = {
    full: new Map(),
    short: new Map(),
  };
  private readonly types = new Map<number, number>();
  /**
   * One tensor per shape of large floats, returned by all operations while recording (see `blank`).
   */
  private readonly blanks = new Map<string, number>();

  private readonly tensorflow: TensorFlow;
  private readonly graph: GraphBuilder;

  private readonly shortened: Shortened;

  constructor(tensorflow: TensorFlow, graph: GraphBuilder, shortened: Shortened = 'none') {
    this.tensorflow = tensorflow;
    this.graph = graph;
    this.shortened = shortened;
  }

  /** Makes an output of the graph stand for a tensor. */
  bind(tensor: Tensor, output: Output): void {
    this.outputs.full.set(this.idOf(tensor), output);
  }

  /** Returns the graph's output for a recorded tensor. */
  outputOf(tensor: Tensor): Output {
    const output = this.outputIn('full', this.idOf(tensor));
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

  /** Returns the output of a tensor in a form; undefined for a tensor that is not recorded. */
  private outputIn(form: Form, id: number): Output | undefined {
    const other = form === 'full' ? 'short' : 'full';
    const known = this.outputs[form].get(id);
    const given = this.outputs[other].get(id);
    if (known || !given) return known;
    const output = this.graph.cast(given, formTypes[other], formTypes[form]);
    this.outputs[form].set(id, output);
    return output;
  }

  /** Returns where an operation is bfloat16; undefined when it computes in its own type. */
  private placesOf(
    op: string,
    ids: readonly number[],
    results: readonly TensorMetadata[],
  ): ShortPlaces | undefined {
    const places = shortPlaces(this.shortened, op, results[0]?.shape ?? []);
    const { short } = this.outputs;
    const follows = !places?.follows || places.inputs.some((i) => short.has(ids[i]!));
    return follows ? places : undefined;
  }

  /** Adds an operation to the graph, in bfloat16 at `places`. */
  private add(
    op: string,
    ids: readonly number[],
    attributes: Readonly<Record<string, Attribute>>,
    results: readonly TensorMetadata[],
    places?: ShortPlaces,
  ): void {
    const inputs = ids.map((id, i) => {
      const output = this.outputIn(places?.inputs.includes(i) ? 'short' : 'full', id);
      if (!output) throw new Error(`An input of ${op} was made before recording began.`);
      return output;
    });
    const typed = places ? { ...attributes, T: typeAttribute(DataType.bfloat16) } : attributes;
    const shape = results[0]?.shape;
    const output = this.graph.add(this.graph.fresh(op), op, inputs, typed, [], shape);
    results.forEach(({ id, dtype }, index) => {
      const made = { ...output, index };
      if (!places?.outputs.includes(index)) this.outputs.full.set(id, made);
      else if (this.shortened === 'maps') this.outputs.short.set(id, made);
      // A product is cast back at once, so that its users cast nothing twice.
      else this.outputs.full.set(id, this.graph.cast(made, formTypes.short, formTypes.full));
      this.types.set(id, dtype);
    });
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
        this.outputs.full.set(id, this.graph.constant(type as DataType, shape, content));
        this.types.set(id, type);
        return id;
      },
      executeOp: (op: string, attributes: OpAttribute[], ids: number[], n: number) => {
        const results = binding
          .executeOp(op, attributes, ids, n)
          .map((result) => this.blank(result));
        const recorded = Object.fromEntries(
          attributes.map((attribute) => [attribute.name, fromBinding(binding, attribute)]),
        );
        // tfjs leaves these types to TensorFlow's eager mode, which infers them; a graph needs
        // them.
        if (op === 'ExpandDims') {
          recorded.T = typeAttribute(this.types.get(ids[0]!) ?? DataType.float);
          recorded.Tdim = typeAttribute(DataType.int32);
        }
        this.add(op, ids, recorded, results, this.placesOf(op, ids, results));
        return results;
      },
      tensorDataSync: () => {
        throw new Error('A step may not read tensors back while it is recorded.');
      },
    });
  }
}
