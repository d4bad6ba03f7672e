import { LabError } from '../base/errors.ts';
import { gate, gates } from '../gates/gates.ts';
import { architecture, modelForms, paperModels } from '../models/architecture.ts';
import { LABEL, MAX_NODES, MAX_TEMPERATURE, edgesInto, makeGraph } from './graph.ts';
import type { Carried, Edge, Graph, GraphNode } from './graph.ts';
import { parseGraph } from './parse.ts';

/**
 * A graph in one line that needs no quotes in a shell: per node its model, `=`, the gates of its
 * incoming edges by letter (the label's first, then the other nodes' in order), each with its
 * temperature after `@` where that is not 1, and `:` with the checkpoint of a frozen node. KD from
 * ResNet110 to ResNet32:
 *
 *     resnet32=TT@2,resnet110=XX:teachers/resnet110.safetensors
 *
 * Characters of a checkpoint that a shell or this form could misread are percent-encoded. The
 * graph's name is left out.
 */
export const toText = (graph: Graph): string =>
  graph.nodes.map((node, index) => rowText(node, edgesInto(graph, index + 1))).join(',');

/** The part of one node: its incoming edges in the order they are given. */
export const rowText = (node: GraphNode, incoming: readonly Edge[]): string =>
  `${node.model}=${incoming.map(edgeText).join('')}${checkpointText(node)}`;

/** One edge: its gate's letter and, where it is not 1, its temperature. */
export const edgeText = (edge: Edge): string =>
  gate(edge.gate).letter + (edge.temperature === undefined ? '' : `@${edge.temperature}`);

/** `:` and the percent-encoded checkpoint; empty without one. */
export function checkpointText({ checkpoint }: GraphNode): string {
  if (checkpoint === undefined) return '';
  const encoded = encodeURIComponent(checkpoint)
    .replace(/[!'()*~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%2F', '/');
  return `:${encoded}`;
}

/**
 * Reads the text form; letters may be small, spaces may surround nodes. Throws
 * `graph.bad-text-form` with the position, and for an unfit checkpoint what `parseGraph` throws.
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
  // An edge's place in its node's row: the node itself is left out, so later sources move up by
  // one.
  return parseGraph(makeGraph(nodes, (s, t) => carried[t - 1]![s < t ? s : s - 1]!));
}

/** Whether a text begins like the text form: with a model and `=`, whatever follows. */
export function beginsLikeText(text: string): boolean {
  const name = /^\s*([\w-]{1,60})=/.exec(text)?.[1];
  return name !== undefined && isArchitecture(name);
}

interface Row {
  readonly model: string;
  readonly edges: Carried[];
  readonly checkpoint: string | undefined;
  /** Where its gates start. */
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
 * The next edge of a row, its place counted from 0, the label's; undefined where the row's gates
 * end.
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
    return undefined; // a stray %: the caller says where
  }
}

/** A place in a text that moves on with what is taken from it. */
class Reader {
  position = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.position === this.#text.length;
  }

  /** What a sticky pattern matches here, or undefined. */
  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.#text)?.[0];
    this.position += found?.length ?? 0;
    return found;
  }

  /** The error for a place (counted from 0; said from 1). */
  refuse(expected: string, at = this.position): LabError {
    const found = at < this.#text.length ? `"${this.#text.slice(at, at + 20)}"` : 'the end';
    return new LabError('graph.bad-text-form', { character: at + 1, found, expected });
  }
}
