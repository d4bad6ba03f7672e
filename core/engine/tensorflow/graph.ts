import type { OpAttribute, TensorFlowBinding } from './binding.ts';

/** TensorFlow's DataType numbers (tensorflow/core/framework/types.proto) that steps use. */
export const DataType = {
  float: 1,
  int32: 3,
  uint8: 4,
  bool: 10,
  bfloat16: 14,
  half: 19,
  resource: 20,
} as const;
export type DataType = (typeof DataType)[keyof typeof DataType];

/** An output of a node of a graph under construction. */
export interface Output {
  readonly node: string;
  readonly index: number;
}

/** Value of a NodeDef attribute, by the matching field of TensorFlow's AttrValue. */
export type Attribute =
  | { readonly kind: 'type'; readonly value: number }
  | { readonly kind: 'types'; readonly value: readonly number[] }
  /** Name of a function of the same graph. */
  | { readonly kind: 'function'; readonly value: string }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'int' | 'float'; readonly value: number | readonly number[] }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'shape'; readonly value: readonly number[] }
  | {
      readonly kind: 'tensor';
      readonly type: number;
      readonly shape: readonly number[];
      readonly content: Uint8Array;
    };

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly Output[];
  /** Nodes that must run before. */
  readonly after: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** Of its first output, where it is known. */
  readonly shape?: readonly number[];
}

/**
 * A function that nodes call: in its body, output 0 of a node named like an argument is that
 * argument.
 */
export interface GraphFunction {
  readonly name: string;
  readonly inputs: readonly Argument[];
  readonly outputs: readonly (Argument & { readonly value: Output })[];
  readonly nodes: readonly GraphNode[];
}

/** An input or output of a function. */
export interface Argument {
  readonly name: string;
  readonly type: DataType;
}

/** A complete graph, the content of a session. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly functions: readonly GraphFunction[];
}

export const typeAttribute = (value: number): Attribute => ({ kind: 'type', value });

/** A TensorFlow graph as plain data, built node by node. */
export class GraphBuilder {
  readonly nodes: GraphNode[] = [];
  private readonly prefix: string;

  /** @param prefix of new names, to avoid the names of another builder */
  constructor(prefix = '') {
    this.prefix = prefix;
  }

  add(
    name: string,
    op: string,
    inputs: readonly Output[] = [],
    attributes: Readonly<Record<string, Attribute>> = {},
    after: readonly string[] = [],
    shape?: readonly number[],
  ): Output {
    this.nodes.push({ name, op, inputs, after, attributes, ...(shape && { shape }) });
    return { node: name, index: 0 };
  }

  /** Returns a new name; a counter makes it unique. */
  fresh(op: string): string {
    return `${this.prefix}${op}_${this.nodes.length}`;
  }

  constant(
    type: DataType,
    shape: readonly number[],
    content: Uint8Array,
    name = this.fresh('Const'),
  ): Output {
    return this.add(name, 'Const', [], {
      dtype: typeAttribute(type),
      value: { kind: 'tensor', type, shape, content },
    });
  }

  placeholder(name: string, type: DataType, shape: readonly number[]): Output {
    return this.add(name, 'Placeholder', [], {
      dtype: typeAttribute(type),
      shape: { kind: 'shape', value: shape },
    });
  }

  /** A resource variable that lives in the session; -1 in `shape` is any size. */
  variable(name: string, type: DataType, shape: readonly number[]): Variable {
    const dtype = typeAttribute(type);
    const handle = this.add(name, 'VarHandleOp', [], {
      dtype,
      shape: { kind: 'shape', value: shape },
      shared_name: { kind: 'string', value: name },
      container: { kind: 'string', value: '' },
    });
    const value = this.add(`${name}/read`, 'ReadVariableOp', [handle], { dtype });
    return { type, shape, handle, value };
  }

  /** Adds an assignment of `value`; returns the name of its node, for `after`. */
  assign(
    variable: Variable,
    value: Output,
    name = `${variable.handle.node}/assign_${this.nodes.length}`,
  ): string {
    return this.add(name, 'AssignVariableOp', [variable.handle, value], {
      dtype: typeAttribute(variable.type),
    }).node;
  }

  /**
   * Adds a placeholder `<variable>/new` of type `fed`, and a fetch `<variable>/write` that stores
   * the fed value.
   */
  writer(variable: Variable, fed: DataType = variable.type): void {
    const name = variable.handle.node;
    const given = this.placeholder(`${name}/new`, fed, variable.shape);
    const value = fed === variable.type ? given : this.cast(given, fed, variable.type);
    this.done(`${name}/write`, [this.assign(variable, value)]);
  }

  cast(value: Output, from: DataType, to: DataType): Output {
    return this.add(this.fresh('Cast'), 'Cast', [value], {
      SrcT: typeAttribute(from),
      DstT: typeAttribute(to),
      Truncate: { kind: 'bool', value: false },
    });
  }

  /** Adds a fetch of one byte that is ready after all nodes of `after`. */
  done(name: string, after: readonly string[]): void {
    const nothing = this.constant(DataType.bool, [], Uint8Array.of(1));
    this.add(name, 'Identity', [nothing], { T: typeAttribute(DataType.bool) }, after);
  }
}

export interface Variable {
  readonly type: DataType;
  readonly shape: readonly number[];
  readonly handle: Output;
  readonly value: Output;
}

/** Converts an attribute from tfjs's form for the addon to the graph's form. */
export function fromBinding(binding: TensorFlowBinding, attribute: OpAttribute): Attribute {
  switch (attribute.type) {
    case binding.TF_ATTR_TYPE:
      return { kind: 'type', value: attribute.recorded ?? (attribute.value as number) };
    case binding.TF_ATTR_BOOL:
      return { kind: 'bool', value: Boolean(attribute.value) };
    case binding.TF_ATTR_INT:
      return { kind: 'int', value: attribute.value as number | number[] };
    case binding.TF_ATTR_FLOAT:
      return { kind: 'float', value: attribute.value as number | number[] };
    case binding.TF_ATTR_STRING:
      return { kind: 'string', value: attribute.value as string };
    case binding.TF_ATTR_SHAPE:
      return { kind: 'shape', value: attribute.value as number[] };
    default:
      throw new Error(
        `Attribute ${attribute.name} has the unknown type ${String(attribute.type)}.`,
      );
  }
}
