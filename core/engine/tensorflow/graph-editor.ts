import type { Attribute, GraphNode, Output } from './graph.ts';

/** A graph while nodes of it are replaced. */
export class GraphEditor {
  readonly #nodes: Map<string, GraphNode>;
  /** Names of the nodes that use an output. */
  readonly #users = new Map<string, Set<string>>();
  /** Outputs by the outputs that they replace. */
  readonly #moved = new Map<string, Output>();

  constructor(nodes: readonly GraphNode[]) {
    this.#nodes = new Map();
    for (const node of nodes) this.put(node);
  }

  nodeOf(output: Output): GraphNode | undefined {
    return this.#nodes.get(this.present(output).node);
  }

  /** Returns the output that now stands for an output. */
  present(output: Output): Output {
    const moved = this.#moved.get(keyOf(output));
    return moved ? this.present(moved) : output;
  }

  usersOf(output: Output): GraphNode[] {
    const names = this.#users.get(keyOf(output)) ?? new Set();
    return [...names].map((name) => this.#nodes.get(name)!);
  }

  /** Returns the node that alone uses an output; undefined for none or several. */
  onlyUserOf(output: Output): GraphNode | undefined {
    const users = this.usersOf(output);
    return users.length === 1 ? users[0] : undefined;
  }

  /** Makes the users of one output read another. */
  move(from: Output, to: Output): void {
    const users = this.#users.get(keyOf(from)) ?? new Set();
    this.#moved.set(keyOf(from), to);
    this.#users.delete(keyOf(from));
    for (const user of users) this.#use(to, user);
  }

  remove({ name, inputs }: GraphNode): void {
    this.#nodes.delete(name);
    for (const input of inputs) this.#users.get(keyOf(this.present(input)))?.delete(name);
  }

  put(node: GraphNode): void {
    this.#nodes.set(node.name, node);
    for (const input of node.inputs) this.#use(this.present(input), node.name);
  }

  result(): GraphNode[] {
    return [...this.#nodes.values()].map((node) => ({
      ...node,
      inputs: node.inputs.map((input) => this.present(input)),
    }));
  }

  #use(output: Output, user: string): void {
    const users = this.#users.get(keyOf(output)) ?? new Set<string>();
    this.#users.set(keyOf(output), users.add(user));
  }
}

const keyOf = ({ node, index }: Output): string => `${node}:${index}`;
export const out = ({ name }: GraphNode, index = 0): Output => ({ node: name, index });
export const typeOf = ({ attributes: { T } }: GraphNode): number | undefined =>
  T?.kind === 'type' ? T.value : undefined;
export const integer = (value: number): Attribute => ({ kind: 'int', value });
export const flag = (value: boolean): Attribute => ({ kind: 'bool', value });
export const sameShape = (node: GraphNode, other: GraphNode | undefined): boolean =>
  node.shape !== undefined && String(node.shape) === String(other?.shape);

/** Whether an addition adds two different maps of its own shape. */
export const addsMaps = (editor: GraphEditor, added: GraphNode): boolean =>
  added.shape !== undefined &&
  new Set(added.inputs.map((input) => keyOf(editor.present(input)))).size === 2 &&
  added.inputs.every((input) => String(added.shape) === String(shapeOf(editor, input)));

/** A cast has the shape of what it casts. */
export function shapeOf(editor: GraphEditor, output: Output): readonly number[] | undefined {
  const { op, shape, inputs } = editor.nodeOf(output)!;
  return op === 'Cast' ? shapeOf(editor, inputs[0]!) : shape;
}

/** Returns the addition that alone uses a node's result, and the map that it adds. */
export function addition(
  editor: GraphEditor,
  node: GraphNode,
): { added: GraphNode; other: Output } | undefined {
  const added = editor.onlyUserOf(out(node));
  if (added?.op !== 'Add' || !addsMaps(editor, added)) return undefined;
  const other = added.inputs.find((input) => editor.present(input).node !== node.name);
  return other && { added, other };
}

/**
 * Returns the ReLU that alone uses a norm's result, or the addition of another map and its ReLU;
 * `others` is that map.
 */
export function activation(
  editor: GraphEditor,
  norm: GraphNode,
): { followers: GraphNode[]; others: Output[] } {
  const sum = addition(editor, norm);
  const relu = editor.onlyUserOf(out(sum?.added ?? norm));
  if (relu?.op !== 'Relu') return { followers: [], others: [] };
  return sum
    ? { followers: [sum.added, relu], others: [sum.other] }
    : { followers: [relu], others: [] };
}
