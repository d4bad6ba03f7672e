import type { Argument, Attribute, GraphFunction, GraphNode, Output } from './graph.ts';
import { DataType, typeAttribute } from './graph.ts';

/** A part of a graph that can run alone: its computations and its inputs. */
export interface Outline {
  /** In the order of the whole graph, without given nodes and variables. */
  readonly nodes: readonly GraphNode[];
  /** Names of the variables that it reads or assigns. */
  readonly variables: readonly string[];
}

/**
 * Returns the nodes that `wanted` nodes need, back to `given` nodes (fed, not computed) and to
 * variables. Pure: the graph stays unchanged.
 */
export function outline(
  graph: readonly GraphNode[],
  wanted: readonly string[],
  given: readonly string[],
): Outline {
  const byName = new Map(graph.map((node) => [node.name, node]));
  const needed = new Set<string>();
  const pending = [...wanted];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (needed.has(name) || given.includes(name)) continue;
    needed.add(name);
    const node = byName.get(name);
    if (!node) throw new Error(`The graph has no node ${name}.`);
    if (node.op === 'Placeholder')
      throw new Error(`${wanted.join(', ')} need ${name}, which is not given.`);
    pending.push(...node.inputs.map((input) => input.node), ...node.after);
  }
  const found = graph.filter(({ name }) => needed.has(name));
  return {
    nodes: found.filter(({ op }) => op !== 'VarHandleOp'),
    variables: found.filter(({ op }) => op === 'VarHandleOp').map(({ name }) => name),
  };
}

/** Returns a function whose results are ready only after its `effects` (assignments). */
export function functionOf(
  name: string,
  inputs: readonly Argument[],
  { nodes, variables }: Outline,
  results: readonly (Argument & { readonly value: Output })[],
  effects: readonly string[] = [],
): GraphFunction {
  const returns = results.map((result): GraphNode => ({
    name: `return/${result.name}`,
    op: 'Identity',
    inputs: [result.value],
    after: effects,
    attributes: { T: typeAttribute(result.type) },
  }));
  return {
    name,
    inputs: [
      ...inputs,
      ...variables.map((variable) => ({ name: variable, type: DataType.resource })),
    ],
    outputs: results.map((result, i) => ({
      ...result,
      value: { node: returns[i]!.name, index: 0 },
    })),
    nodes: [...nodes, ...returns],
  };
}

/**
 * Returns a node that calls a function, with the outputs of the nodes named like its inputs. XLA
 * compiles the function as a whole.
 */
export function compiledCall(
  name: string,
  { name: called, inputs, outputs }: GraphFunction,
): GraphNode {
  const types = (list: readonly Argument[]): Attribute => ({
    kind: 'types',
    value: list.map(({ type }) => type),
  });
  const nothing: Attribute = { kind: 'string', value: '' };
  return {
    name,
    op: 'StatefulPartitionedCall',
    inputs: inputs.map((input) => ({ node: input.name, index: 0 })),
    after: [],
    attributes: {
      Tin: types(inputs),
      Tout: types(outputs),
      f: { kind: 'function', value: called },
      _XlaMustCompile: { kind: 'bool', value: true },
      config: nothing,
      config_proto: nothing,
      executor_type: nothing,
    },
  };
}
