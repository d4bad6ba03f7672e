import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
import type { RandomStream } from '../base/random.ts';
import { gateNames, paperGates } from '../gates/gates.ts';
import type { GateName } from '../gates/gates.ts';
import { paperModels } from '../models/architecture.ts';
import { MAX_NODES, TARGET, isFrozen, makeGraph, nodeNumbers, sourcesOf } from './graph.ts';
import type { Graph } from './graph.ts';
import { indexEdges, pair } from './parse.ts';
import { objectRule, objectRules, parseWith } from './refusal.ts';
import { bounded, endsSchema, gateSchema, graphRules, modelSchema } from './schema.ts';

/**
 * The graphs that a study may draw, as plain data: the models of every node and the gates of every
 * edge. A single choice is a lock. Temperatures are 1 in a search (SPEC: T = 1). In normal form
 * (returned by `parseSpace`) every edge is present, ordered by destination, then source; in files a
 * missing edge may have any of the paper's gates.
 */
export interface SearchSpace {
  readonly format: typeof SPACE_FORMAT;
  readonly version: typeof SPACE_VERSION;
  readonly nodes: readonly NodeChoice[];
  readonly edges: readonly EdgeChoice[];
  /**
   * True when auxiliary nodes may be drawn frozen (all incoming edges Cutoff). The target never
   * may.
   */
  readonly frozen: boolean;
}

export interface NodeChoice {
  readonly models: readonly string[];
}

export interface EdgeChoice {
  readonly source: number;
  readonly destination: number;
  readonly gates: readonly GateName[];
}

export const SPACE_FORMAT = 'ktg-space';
export const SPACE_VERSION = 1;
const MAX_MODELS = 64;

const spaceRules = {
  ...graphRules,
  'missing-key': objectRules['missing-key'],
  'wrong-format': { expected: `"${SPACE_FORMAT}"`, next: 'Give a search space of this lab.' },
  'wrong-version': {
    expected: `version ${SPACE_VERSION}`,
    next: 'Use the version of the lab that wrote it.',
  },
  'choice-count': {
    expected: `at least one choice, at most ${MAX_MODELS} models or ${gateNames.length} gates`,
    next: 'Leave at least one choice open; one choice is a lock.',
  },
  'repeated-choice': { expected: 'every choice once', next: 'Remove the repeated choice.' },
};
const rule = (name: keyof typeof spaceRules): string => name;

const once = <Item extends v.GenericSchema>(item: Item, most: number) =>
  v.pipe(
    v.array(v.unknown(), rule('wrong-type')),
    v.minLength(1, rule('choice-count')),
    v.maxLength(most, rule('choice-count')),
    v.array(item),
    v.check((choices) => new Set(choices).size === choices.length, rule('repeated-choice')),
  );

const spaceSchema = v.strictObject(
  {
    format: v.literal(SPACE_FORMAT, rule('wrong-format')),
    version: v.literal(SPACE_VERSION, rule('wrong-version')),
    nodes: bounded(
      v.strictObject({ models: once(modelSchema, MAX_MODELS) }, objectRule),
      1,
      MAX_NODES,
      'node-count',
    ),
    edges: bounded(
      v.pipe(
        v.strictObject({ ...endsSchema, gates: once(gateSchema, gateNames.length) }, objectRule),
        v.forward(
          v.check(({ source, destination }) => source !== destination, rule('self-edge')),
          ['destination'],
        ),
      ),
      0,
      MAX_NODES * MAX_NODES,
      'too-many-edges',
    ),
    frozen: v.boolean(rule('wrong-type')),
  },
  objectRule,
);

/**
 * Validates a space from outside and returns it in normal form.
 *
 * @throws LabError `space.<rule>`
 */
export function parseSpace(input: unknown): SearchSpace {
  const { nodes, edges, frozen } = parseWith('space', spaceSchema, spaceRules, input);
  const given = indexEdges('space', nodes.length, edges);
  return makeSpace(nodes, (s, t) => given.get(pair(s, t))?.gates ?? paperGates, frozen);
}

/**
 * Returns the paper's space over M nodes: a fixed model of the target, any of `auxiliaries` for the
 * others, every gate of the paper on every edge.
 */
export const paperSpace = (
  count: number,
  target: string = paperModels[0],
  auxiliaries: readonly string[] = paperModels,
): SearchSpace =>
  parseSpace({
    format: SPACE_FORMAT,
    version: SPACE_VERSION,
    nodes: Array.from({ length: count }, (_, index) => ({
      models: index === 0 ? [target] : auxiliaries,
    })),
    edges: [],
    frozen: true,
  });

function makeSpace(
  nodes: readonly NodeChoice[],
  gates: (source: number, destination: number) => readonly GateName[],
  frozen: boolean,
): SearchSpace {
  const edges = nodes.flatMap((_, index) =>
    sourcesOf(nodes.length, index + 1).map((source) => ({
      source,
      destination: index + 1,
      gates: gates(source, index + 1),
    })),
  );
  return { format: SPACE_FORMAT, version: SPACE_VERSION, nodes, edges, frozen };
}

/** Returns the space with other models for one node (one model: locked). */
export const withModels = (
  space: SearchSpace,
  node: number,
  models: readonly string[],
): SearchSpace =>
  parseSpace({
    ...space,
    nodes: space.nodes.map((each, index) => (index === node - 1 ? { models } : each)),
  });

/** Returns the space with other gates for one edge (one gate: locked). */
export const withGates = (
  space: SearchSpace,
  source: number,
  destination: number,
  gates: readonly GateName[],
): SearchSpace =>
  parseSpace({
    ...space,
    edges: space.edges.map((edge) =>
      edge.source === source && edge.destination === destination ? { ...edge, gates } : edge,
    ),
  });

/** One decision of a draw: a node's model or an edge's gate. */
export type Dimension =
  | { readonly kind: 'model'; readonly node: number; readonly choices: readonly string[] }
  | {
      readonly kind: 'gate';
      readonly source: number;
      readonly destination: number;
      readonly choices: readonly GateName[];
    };

/** Returns all dimensions in the order of drawing: models, then gates. */
export const dimensions = (space: SearchSpace): Dimension[] => [
  ...space.nodes.map(({ models }, index) => ({
    kind: 'model' as const,
    node: index + 1,
    choices: models,
  })),
  ...space.edges.map(({ source, destination, gates }) => ({
    kind: 'gate' as const,
    source,
    destination,
    choices: gates,
  })),
];

/** Returns the graph for one choice (by index) per dimension. */
export function graphAt(space: SearchSpace, picks: readonly number[]): Graph {
  const nodes = space.nodes.map(({ models }, index) => ({ model: models[picks[index]!]! }));
  let next = nodes.length; // makeGraph asks for edges in the order of the dimensions
  return makeGraph(nodes, () => {
    const at = next++;
    return space.edges[at - nodes.length]!.gates[picks[at]!]!;
  });
}

/** Reasons for not training a drawn graph. */
export type Rejection = 'target-frozen' | 'frozen-not-allowed';

const rejectionTexts: Readonly<Record<Rejection, string>> = {
  'target-frozen':
    'the target is frozen: all edges into node 1 are Cutoff, so it would never learn',
  'frozen-not-allowed':
    'a node is frozen (all edges into it are Cutoff), which this study does not allow',
};

/**
 * Returns the reason of a rejection as the second half of a sentence; an unknown reason, from
 * another program's file, unchanged.
 */
export const rejectionText = (rejection: string): string =>
  Object.hasOwn(rejectionTexts, rejection) ? rejectionTexts[rejection as Rejection] : rejection;

/** A drawn graph; rejected graphs are recorded too. */
export interface Draw {
  readonly graph: Graph;
  readonly rejected?: Rejection;
}

/** Draws a graph: every dimension independently and uniformly. */
export function sample(space: SearchSpace, random: RandomStream): Draw {
  return judgeDraw(
    space,
    graphAt(
      space,
      dimensions(space).map(({ choices }) => random.below(choices.length)),
    ),
  );
}

/** Returns the graph with the reason for its rejection, if any. */
export function judgeDraw(space: SearchSpace, graph: Graph): Draw {
  if (isFrozen(graph, TARGET)) return { graph, rejected: 'target-frozen' };
  if (!space.frozen && nodeNumbers(graph).some((node) => isFrozen(graph, node))) {
    return { graph, rejected: 'frozen-not-allowed' };
  }
  return { graph };
}

/**
 * Returns the number of combinations, rejected ones included: 4^(M*M) * 3^(M-1) for the paper's
 * space, 2,359,296 with three nodes.
 */
export const spaceSize = (space: SearchSpace): bigint =>
  dimensions(space).reduce((size, { choices }) => size * BigInt(choices.length), 1n);

/** Returns the number of accepted graphs; 0 if there are none. */
export function acceptedSize(space: SearchSpace): bigint {
  const models = space.nodes.reduce((size, node) => size * BigInt(node.models.length), 1n);
  return space.nodes.reduce((size, _, index) => size * openRows(space, index + 1), models);
}

/**
 * Describes the size of a space: `450 graphs; 512 combinations, 62 excluded`, or `9 graphs` without
 * exclusions.
 */
export function spaceText(space: SearchSpace): string {
  const [graphs, combinations] = [acceptedSize(space), spaceSize(space)];
  const counted = `${graphs.toLocaleString('en')} ${graphs === 1n ? 'graph' : 'graphs'}`;
  if (graphs === combinations) return counted;
  const excluded = (combinations - graphs).toLocaleString('en');
  return `${counted}; ${combinations.toLocaleString('en')} combinations, ${excluded} excluded`;
}

/** Returns the number of accepted gate choices for a node's incoming edges. */
function openRows(space: SearchSpace, node: number): bigint {
  const choices = space.edges
    .filter(({ destination }) => destination === node)
    .map(({ gates }) => gates);
  const all = choices.reduce((size, gates) => size * BigInt(gates.length), 1n);
  const mayFreeze = node !== TARGET && space.frozen;
  return mayFreeze || !choices.every((gates) => gates.includes('cutoff')) ? all : all - 1n;
}

/**
 * Refuses a space whose graphs would all be rejected.
 *
 * @throws LabError `space.impossible`, with the node that causes it
 */
export function requirePossible(space: SearchSpace): void {
  const stuck = space.nodes.findIndex((_, index) => openRows(space, index + 1) === 0n) + 1;
  if (stuck === 0) return;
  const why =
    stuck === TARGET
      ? 'so the target (node 1) would always be frozen and learn nothing'
      : `so node ${stuck} would always be frozen, and this space allows no frozen nodes`;
  throw new LabError('space.impossible', {
    stuck,
    why,
    otherwise: stuck === TARGET ? '' : ', or allow frozen nodes',
  });
}
