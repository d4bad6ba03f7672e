import { LabError } from '../base/errors.ts';
import { gate, gates } from '../gates/gates.ts';
import { architecture, modelForms, paperModels } from '../models/architecture.ts';
import { LABEL, MAX_NODES, MAX_TEMPERATURE, edgesInto, makeGraph } from './graph.ts';
import type { Carried, Edge, Graph, GraphNode } from './graph.ts';
import { parseGraph } from './parse.ts';

/**
 * Returns the text form: one line that needs no quotes in a shell. Each node has its model, `=`,
 * the letters of the gates of its incoming edges (the label's first, then the other nodes' in
 * order), each with `@` and its temperature when that differs from 1, and `:` with the checkpoint
 * of a frozen node. KD from ResNet110 to ResNet32:
 *
 *     resnet32=TT@2,resnet110=XX:teachers/resnet110.safetensors
 *
 * Special characters of a checkpoint are percent-encoded. The graph's name is left out.
 */
export const toText = (graph: Graph): string =>
  graph.nodes.map((node, index) => rowText(node, edgesInto(graph, index + 1))).join(',');

/** Returns the text of one node with its incoming edges in the given order. */
const rowText = (node: GraphNode, incoming: readonly Edge[]): string =>
  `${node.model}=${incoming.map(edgeText).join('')}${checkpointText(node)}`;

/** Returns the text of one edge: the gate's letter and a temperature other than 1. */
export const edgeText = (edge: Edge): string =>
  gate(edge.gate).letter + (edge.temperature === undefined ? '' : `@${edge.temperature}`);

/** Returns `:` and the percent-encoded checkpoint; '' without one. */
export function checkpointText({ checkpoint }: GraphNode): string {
  if (checkpoint === undefined) return '';
  const encoded = encodeURIComponent(checkpoint)
    .replace(/[!'()*~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%2F', '/');
  return `:${encoded}`;
}

/**
 * Reads the text form; accepts small letters, and spaces around nodes.
 *
 * @throws LabError `graph.bad-text-form` with the position; those of `parseGraph` for a bad
 * checkpoint
 */
export function fromText(text: string): Graph {
  const reader = new Reader(text);
  reader.take(/\s+/y);
  const rows = [readRow(reader)];
  while (reader.take(/\s*,\s*/y)) {
    if (rows.length === MAX_NODES) throw reader.refuse(`no more than ${MAX_NODES} nodes`);
    rows.push(readRow(reader));
  }
  reader.take(/\s+/y);
  if (!reader.atEnd) throw reader.refuse('"," and the next node, or the end');
  const carried = rows.map(({ edges, start, model }) => {
    if (edges.length !== rows.length) {
      throw reader.refuse(
        `one gate per source of ${model}, ${rows.length} in all: the label's, then the other nodes'`,
        start,
      );
    }
    return edges;
  });
  const nodes = rows.map(({ model, checkpoint }): GraphNode => ({
    model,
    ...(checkpoint !== undefined && { checkpoint }),
  }));
  // The row of a node has no letter for the node itself, so the index of a later source is one
  // less.
  return parseGraph(makeGraph(nodes, (s, t) => carried[t - 1]![s < t ? s : s - 1]!));
}

/** True for a text that begins like the text form: a model and `=`. */
export function beginsLikeText(text: string): boolean {
  const name = /^\s*([\w-]{1,60})=/.exec(text)?.[1];
  return name !== undefined && isArchitecture(name);
}

interface Row {
  readonly model: string;
  readonly edges: Carried[];
  readonly checkpoint: string | undefined;
  /** Position of the first gate. */
  readonly start: number;
}

function readRow(reader: Reader): Row {
  const at = reader.position;
  const name = reader.take(/[\w-]{1,60}/y);
  if (name === undefined) throw reader.refuse(`a model, such as ${paperModels[0]}`);
  const model = readModel(reader, name, at);
  if (!reader.take(/=/y)) throw reader.refuse(`"=" and the gates of the edges into ${model}`);
  const start = reader.position;
  const edges: Carried[] = [];
  for (let edge = readEdge(reader, LABEL); edge; edge = readEdge(reader, edges.length))
    edges.push(edge);
  if (edges.length === 0) throw reader.refuse(`the gates of the edges into ${model}: ${letters}`);
  return { model, edges, checkpoint: readCheckpoint(reader), start };
}

function readModel(reader: Reader, name: string, at: number): string {
  try {
    return architecture(name).name;
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    throw reader.refuse(`a model: ${modelForms}`, at);
  }
}

function isArchitecture(name: string): boolean {
  try {
    architecture(name);
    return true;
  } catch {
    return false;
  }
}

const letters = gates.map((each) => `${each.letter} (${each.title})`).join(', ');

/**
 * Reads the next edge of a row; undefined at the end of the gates.
 *
 * @param place index of the edge in the row, 0 for the label's
 */
function readEdge(reader: Reader, place: number): Carried | undefined {
  const at = reader.position;
  const letter = reader.take(/[A-Za-z]/y)?.toUpperCase();
  if (letter === undefined) return undefined;
  const found = gates.find((each) => each.letter === letter);
  if (!found) throw reader.refuse(`a gate: ${letters}`, at);
  if (!reader.take(/@/y)) return found.name;
  if (place === LABEL)
    throw reader.refuse('no temperature: labels are not softened', reader.position - 1);
  const from = reader.position;
  const temperature = Number(reader.take(/\d+(\.\d+)?(e[+-]?\d+)?/y) ?? Number.NaN);
  if (!(temperature > 0 && temperature <= MAX_TEMPERATURE)) {
    throw reader.refuse(`a temperature above 0, at most ${MAX_TEMPERATURE}`, from);
  }
  return { gate: found.name, temperature };
}

function readCheckpoint(reader: Reader): string | undefined {
  if (!reader.take(/:/y)) return undefined;
  const at = reader.position;
  const written = reader.take(/[^,]+/y)?.trim();
  const checkpoint = written === undefined ? '' : decode(written);
  if (!checkpoint) {
    throw reader.refuse('the file or id of a checkpoint, "," as %2C and "%" as %25', at);
  }
  return checkpoint;
}

function decode(written: string): string | undefined {
  try {
    return decodeURIComponent(written);
  } catch {
    return undefined; // a stray %: the caller reports its position
  }
}

/** A text with a position that advances with each read. */
class Reader {
  position = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.position === this.#text.length;
  }

  /**
   * Returns and consumes the match of a sticky pattern at the position; undefined without a match.
   */
  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.#text)?.[0];
    this.position += found?.length ?? 0;
    return found;
  }

  /** Returns the error for a position (counted from 0, printed from 1). */
  refuse(expected: string, at = this.position): LabError {
    const found = at < this.#text.length ? `"${this.#text.slice(at, at + 20)}"` : 'the end';
    return new LabError('graph.bad-text-form', { character: at + 1, found, expected });
  }
}
