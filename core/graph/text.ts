import { LabError } from '../base/errors.ts';
import { gate, gates } from '../gates/gates.ts';
import { architecture, modelForms, paperModels } from '../models/architecture.ts';
import { kind, type KindName, kinds } from '../kinds/kinds.ts';
import {
  combines,
  FORMAT,
  LABEL,
  MAX_NODES,
  MAX_TEMPERATURE,
  MAX_WEIGHT,
  edgesInto,
  sourcesOf,
} from './graph.ts';
import type { CarriedParts, Edge, Ensemble, Graph, GraphNode } from './graph.ts';
import { parseGraph } from './parse.ts';

/**
 * Returns the text form: one line that needs no quotes in a shell. Each node has its model, `=`,
 * the letters of the gates of its incoming edges (the label's first, then the other nodes' in
 * order, then the ensemble's), each with `.` and the code of its kind, `_` and its weight, `@` and
 * its temperature where they are not the usual ones, and `:` with the checkpoint of a frozen node. KD
 * from ResNet110 to ResNet32, two networks that repel each other and vote, and attention transfer:
 *
 *     resnet32=TT@2,resnet110=XX:teachers/resnet110.safetensors
 *     resnet32=TT.r@4X,resnet32=TT.r@4X,ensemble=logits
 *     resnet32=TT.a_1000,resnet110=XX
 *
 * The ensemble comes last: how it combines its voters, `.objective` when its accuracy counts, and
 * `:` with its voters when they are not all (`ensemble=probabilities.objective:1+3`). Special characters of a checkpoint are percent-encoded. The graph's name is left out.
 */
export const toText = (graph: Graph): string =>
  [
    ...graph.nodes.map((node, index) => rowText(node, edgesInto(graph, index + 1))),
    ...(graph.ensemble ? [ensembleText(graph.ensemble)] : []),
  ].join(',');

/** Returns the text of one node with its incoming edges in the given order. */
const rowText = (node: GraphNode, incoming: readonly Edge[]): string =>
  `${node.model}=${incoming.map(edgeText).join('')}${checkpointText(node)}`;

/** Returns the text of one edge: the gate's letter and whatever is not usual. */
export const edgeText = ({ gate: name, kind: loss, weight, temperature }: Edge): string =>
  gate(name).letter +
  (loss === undefined ? '' : `.${kind(loss).code}`) +
  (weight === undefined ? '' : `_${weight}`) +
  (temperature === undefined ? '' : `@${temperature}`);

const ensembleText = ({ combine, voters, isObjective }: Ensemble): string =>
  `${ENSEMBLE}=${combine}${isObjective ? '.objective' : ''}${voters ? `:${voters.join('+')}` : ''}`;

/** Begins the row of the ensemble, where a node has its model. */
const ENSEMBLE = 'ensemble';

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
  let ensemble: Ensemble | undefined;
  while (!ensemble && reader.take(/\s*,\s*/y)) {
    ensemble = readEnsemble(reader);
    if (ensemble) break;
    if (rows.length === MAX_NODES) throw reader.refuse(`no more than ${MAX_NODES} nodes`);
    rows.push(readRow(reader));
  }
  reader.take(/\s+/y);
  if (!reader.atEnd) throw reader.refuse('"," and the next node, or the end');
  const sources = rows.length + (ensemble ? 1 : 0);
  const carried = rows.map(({ edges, start, model }) => {
    if (edges.length === sources) return edges;
    const after = ensemble ? ", then the ensemble's" : '';
    const expected = `one gate per source of ${model}, ${sources} in all: the label's, then the other nodes'`;
    throw reader.refuse(expected + after, start);
  });
  const nodes = rows.map(({ model, checkpoint }): GraphNode => ({
    model,
    ...(checkpoint !== undefined && { checkpoint }),
  }));
  // The row of a node has no letter for the node itself, so the index of a later source is one
  // less.
  const at = (s: number, t: number): CarriedParts => carried[t - 1]![s < t ? s : s - 1]!;
  const edges = nodes.flatMap((_, index) =>
    sourcesOf(nodes.length, index + 1, ensemble !== undefined).map((source) => ({
      source,
      destination: index + 1,
      ...at(source, index + 1),
    })),
  );
  return parseGraph({ format: FORMAT, version: 2, nodes, edges, ...(ensemble && { ensemble }) });
}

/** True for a text that begins like the text form: a model and `=`. */
export function beginsLikeText(text: string): boolean {
  const name = /^\s*([\w-]{1,60})=/.exec(text)?.[1];
  return name !== undefined && isArchitecture(name);
}

interface Row {
  readonly model: string;
  readonly edges: CarriedParts[];
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
  const edges: CarriedParts[] = [];
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
function readEdge(reader: Reader, place: number): CarriedParts | undefined {
  const at = reader.position;
  const letter = reader.take(/[A-Za-z]/y)?.toUpperCase();
  if (letter === undefined) return undefined;
  const found = gates.find((each) => each.letter === letter);
  if (!found) throw reader.refuse(`a gate: ${letters}`, at);
  const loss = readKind(reader, place);
  const weight = readNumber(reader, /_/y, 'a weight', 0, MAX_WEIGHT);
  const from = reader.position;
  const temperature = readNumber(reader, /@/y, 'a temperature', Number.MIN_VALUE, MAX_TEMPERATURE);
  if (temperature !== undefined && place === LABEL)
    throw reader.refuse('no temperature: labels are not softened', from);
  return {
    gate: found.name,
    ...(loss !== undefined && { kind: loss }),
    ...(weight !== undefined && { weight }),
    ...(temperature !== undefined && { temperature }),
  };
}

/** Kinds by the code in the text form, longer codes first. */
const codes = kinds
  .filter(({ code }) => code !== '')
  .toSorted((a, b) => b.code.length - a.code.length);

function readKind(reader: Reader, place: number): KindName | undefined {
  const at = reader.position;
  if (!reader.take(/\./y)) return undefined;
  if (place === LABEL) throw reader.refuse('no kind: label edges have the cross-entropy', at);
  const found = codes.find(({ code }) => reader.take(new RegExp(code, 'iy')) !== undefined);
  if (found) return found.name;
  const all = codes.map(({ code, title }) => `${code} (${title})`).join(', ');
  throw reader.refuse(`a kind: ${all}`, at + 1);
}

/** Reads a sign and a number in a range; undefined without the sign. */
function readNumber(
  reader: Reader,
  sign: RegExp,
  what: string,
  least: number,
  most: number,
): number | undefined {
  if (!reader.take(sign)) return undefined;
  const from = reader.position;
  const value = Number(reader.take(/\d+(\.\d+)?(e[+-]?\d+)?/y) ?? Number.NaN);
  if (value >= least && value <= most) return value;
  throw reader.refuse(`${what} ${least === 0 ? 'from 0 to' : 'above 0, at most'} ${most}`, from);
}

/** Reads the row of the ensemble; undefined when another row follows. */
function readEnsemble(reader: Reader): Ensemble | undefined {
  if (reader.take(/ensemble=/iy) === undefined) return undefined;
  const combine = combines.find((each) => reader.take(new RegExp(each, 'iy')) !== undefined);
  if (!combine) throw reader.refuse(`how the voters are combined: ${combines.join(' or ')}`);
  const isObjective = reader.take(/\.objective/iy) !== undefined;
  const written = reader.take(/:[\d+]*/y);
  const voters = written?.slice(1).split('+').map(Number);
  return { combine, ...(voters && { voters }), ...(isObjective && { isObjective }) };
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
