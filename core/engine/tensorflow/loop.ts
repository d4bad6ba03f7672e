import type { Argument, GraphFunction, GraphNode, Output } from './graph.ts';
import { DataType, GraphBuilder, typeAttribute } from './graph.ts';
import type { Outline } from './outline.ts';

/** The body of a loop: its inputs and outputs. */
export interface Repeated {
  readonly step: Outline;
  /** Inputs with one value for all steps. */
  readonly shared: readonly Argument[];
  /**
   * Inputs with one value per step, with the shape of one; fed for all steps together, steps first.
   */
  readonly perStep: readonly (Argument & { readonly shape: readonly number[] })[];
  /** The result of every step: a vector of floats. */
  readonly result: { readonly node: string; readonly size: number };
  /** Assignments that every step makes. */
  readonly effects: readonly string[];
}

const integer = typeAttribute(DataType.int32);
const float = typeAttribute(DataType.float);

/**
 * Returns many steps as a loop inside one function, so that one call of the host runs them all. Its
 * arguments are `count` (steps to run, at most `capacity`), then those of the step. Its output
 * `history` [capacity, size] holds the result of step i in row i, and zeros after the last. One
 * compilation serves every count.
 *
 * @returns the function, then the two functions of its loop
 */
export function loopOf(name: string, capacity: number, repeated: Repeated): GraphFunction[] {
  const { step, shared, perStep, result } = repeated;
  const inputs: Argument[] = [
    { name: 'count', type: DataType.int32 },
    ...shared,
    ...perStep.map((one) => ({ name: allOf(one.name), type: one.type })),
    ...step.variables.map((variable) => ({ name: variable, type: DataType.resource })),
  ];
  const carried: Argument[] = [
    { name: 'index', type: DataType.int32 },
    { name: 'history', type: DataType.float },
    ...inputs,
  ];
  const functions = { body: `${name}_body`, condition: `${name}_condition` };

  const graph = new GraphBuilder('loop/');
  const zero = integers(graph, [], [0]);
  const history = graph.add(
    'nothing',
    'Fill',
    [integers(graph, [2], [capacity, result.size]), floatZero(graph)],
    {
      T: float,
      index_type: integer,
    },
  );
  const given = [zero, history, ...inputs.map((input): Output => ({ node: input.name, index: 0 }))];
  graph.add('loop', 'While', given, {
    T: { kind: 'types', value: carried.map(({ type }) => type) },
    body: { kind: 'function', value: functions.body },
    cond: { kind: 'function', value: functions.condition },
    output_shapes: { kind: 'types', value: [] },
    parallel_iterations: { kind: 'int', value: 1 },
  });
  const outer: GraphFunction = {
    name,
    inputs,
    outputs: [{ name: 'history', type: DataType.float, value: { node: 'loop', index: 1 } }],
    nodes: graph.nodes,
  };
  return [
    outer,
    bodyOf(functions.body, capacity, carried, repeated),
    conditionOf(functions.condition, carried),
  ];
}

/** Returns the name of a per-step input for all steps together. */
export const allOf = (input: string): string => `all_${input.replace('/', '_')}`;

function bodyOf(
  name: string,
  capacity: number,
  carried: readonly Argument[],
  { step, perStep, result, effects }: Repeated,
): GraphFunction {
  const graph = new GraphBuilder('loop/');
  const index: Output = { node: 'index', index: 0 };
  const zero = integers(graph, [], [0]);
  // per-step inputs, under the names that the step's nodes use
  for (const { name: input, type, shape } of perStep) {
    const start = graph.add(`${input}/start`, 'Pack', [index, ...shape.map(() => zero)], {
      N: { kind: 'int', value: 1 + shape.length },
      T: integer,
      axis: { kind: 'int', value: 0 },
    });
    const size = integers(graph, [1 + shape.length], [1, ...shape]);
    const row = graph.add(
      `${input}/row`,
      'Slice',
      [{ node: allOf(input), index: 0 }, start, size],
      {
        T: typeAttribute(type),
        Index: integer,
      },
    );
    graph.add(input, 'Reshape', [row, integers(graph, [shape.length], shape)], {
      T: typeAttribute(type),
      Tshape: integer,
    });
  }
  // Selects the row instead of multiplying by zeros, so that a NaN stays in its own step.
  const rows = integers(
    graph,
    [capacity, 1],
    Array.from({ length: capacity }, (_, row) => row),
  );
  const isCurrent = graph.add('here', 'Equal', [rows, index], { T: integer });
  const one = graph.add(
    'row',
    'Reshape',
    [{ node: result.node, index: 0 }, integers(graph, [2], [1, result.size])],
    {
      T: float,
      Tshape: integer,
    },
  );
  const history = graph.add(
    'history/next',
    'SelectV2',
    [isCurrent, one, { node: 'history', index: 0 }],
    {
      T: float,
    },
  );
  const next = graph.add('index/next', 'AddV2', [index, integers(graph, [], [1])], { T: integer });
  const returned: GraphNode[] = [
    {
      name: 'return/index',
      op: 'Identity',
      inputs: [next],
      after: effects,
      attributes: { T: integer },
    },
    {
      name: 'return/history',
      op: 'Identity',
      inputs: [history],
      after: effects,
      attributes: { T: float },
    },
  ];
  return {
    name,
    inputs: carried,
    outputs: carried.map(({ name: output, type }, i) => ({
      name: `o${i}`,
      type,
      value: { node: i < returned.length ? returned[i]!.name : output, index: 0 },
    })),
    nodes: [...graph.nodes, ...step.nodes, ...returned],
  };
}

function conditionOf(name: string, carried: readonly Argument[]): GraphFunction {
  const inputs = ['index', 'count'].map((node): Output => ({ node, index: 0 }));
  return {
    name,
    inputs: carried,
    outputs: [{ name: 'more', type: DataType.bool, value: { node: 'more', index: 0 } }],
    nodes: [{ name: 'more', op: 'Less', inputs, after: [], attributes: { T: integer } }],
  };
}

const integers = (
  graph: GraphBuilder,
  shape: readonly number[],
  values: readonly number[],
): Output => graph.constant(DataType.int32, shape, new Uint8Array(Int32Array.from(values).buffer));

const floatZero = (graph: GraphBuilder): Output =>
  graph.constant(DataType.float, [], new Uint8Array(new Float32Array(1).buffer));
