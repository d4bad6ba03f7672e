/**
 * Search spaces: their form, dimensions, draws and counts. Longer than 300 lines: all of them follow
 * the same order of dimensions, which stored studies depend on.
 */
import * as v from 'valibot';
import type { RandomStream } from '../base/random.ts';
import { gateNames, paperGates } from '../gates/gates.ts';
import type { GateName } from '../gates/gates.ts';
import { kind as kindNamed, type KindName, kindNames, USUAL_KIND } from '../kinds/kinds.ts';
import { paperModels } from '../models/architecture.ts';
import {
  LABEL,
  MAX_NODES,
  TARGET,
  isFrozen,
  makeGraph,
  nodeNumbers,
  sourcesOf,
  votersOf,
} from './graph.ts';
import type { CarriedParts, Ensemble, Graph } from './graph.ts';
import { checkVoters, indexEdges, pair } from './parse.ts';
import { objectRule, objectRules, parseWith } from './refusal.ts';
import {
  bounded,
  endsSchema,
  ensembleSchema,
  gateSchema,
  graphRules,
  kindSchema,
  MAX_EDGES,
  modelSchema,
  temperatureSchema,
  weightSchema,
} from './schema.ts';

/**
 * The graphs that a study may draw, as plain data: the models of every node and the gates of every
 * edge, and where they are listed its kinds, weights and temperatures. A single choice is a lock. In
 * normal form (returned by `parseSpace`) every edge is present, ordered by destination, then source;
 * in files a missing edge may have any of the paper's gates, and one from the ensemble is Cutoff.
 */
export interface SearchSpace {
  readonly format: typeof SPACE_FORMAT;
  /** 1 for spaces that older labs can read: without lists of kinds and the like, and ensemble. */
  readonly version: (typeof SPACE_VERSIONS)[number];
  readonly nodes: readonly NodeChoice[];
  readonly edges: readonly EdgeChoice[];
  /**
   * True when auxiliary nodes may be drawn frozen (all incoming edges Cutoff). The target never
   * may.
   */
  readonly frozen: boolean;
  /** The ensemble of every drawn graph. */
  readonly ensemble?: Ensemble;
}

interface NodeChoice {
  readonly models: readonly string[];
}

export interface EdgeChoice {
  readonly source: number;
  readonly destination: number;
  readonly gates: readonly GateName[];
  /** Absent: KL alone. */
  readonly kinds?: readonly KindName[];
  /** Above 0 in normal form; absent: 1 alone. */
  readonly weights?: readonly number[];
  /** Absent: 1 alone. */
  readonly temperatures?: readonly number[];
}

/** Everything that an edge may be, without its ends. */
export type EdgeLists = Omit<EdgeChoice, 'source' | 'destination'>;

export const SPACE_FORMAT = 'ktg-space';
const SPACE_VERSIONS = [1, 2] as const;
const MAX_MODELS = 64;
const MAX_NUMBERS = 16;

const spaceRules = {
  ...graphRules,
  'missing-key': objectRules['missing-key'],
  'wrong-format': { expected: `"${SPACE_FORMAT}"`, next: 'Give a search space of this lab.' },
  'wrong-version': {
    expected: `version ${SPACE_VERSIONS.join(' or ')}`,
    next: 'Use the version of the lab that wrote it.',
  },
  'choice-count': {
    expected: `at least one choice, at most ${MAX_MODELS} models, ${gateNames.length} gates, ${kindNames.length} kinds or ${MAX_NUMBERS} numbers`,
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
    version: v.picklist(SPACE_VERSIONS, rule('wrong-version')),
    nodes: bounded(
      v.strictObject({ models: once(modelSchema, MAX_MODELS) }, objectRule),
      1,
      MAX_NODES,
      'node-count',
    ),
    edges: bounded(
      v.pipe(
        v.strictObject(
          {
            ...endsSchema,
            gates: once(gateSchema, gateNames.length),
            kinds: v.exactOptional(once(kindSchema, kindNames.length)),
            weights: v.exactOptional(once(weightSchema, MAX_NUMBERS)),
            temperatures: v.exactOptional(once(temperatureSchema, MAX_NUMBERS)),
          },
          objectRule,
        ),
        v.forward(
          v.check(
            ({ source, temperatures }) => source !== LABEL || temperatures === undefined,
            rule('label-temperature'),
          ),
          ['temperatures'],
        ),
        v.forward(
          v.check(
            ({ source, kinds }) => source !== LABEL || kinds === undefined,
            rule('label-kind'),
          ),
          ['kinds'],
        ),
        v.forward(
          v.check(({ source, destination }) => source !== destination, rule('self-edge')),
          ['destination'],
        ),
      ),
      0,
      MAX_EDGES,
      'too-many-edges',
    ),
    frozen: v.boolean(rule('wrong-type')),
    ensemble: v.exactOptional(ensembleSchema),
  },
  objectRule,
);

/**
 * Validates a space from outside and returns it in normal form.
 *
 * @throws LabError `space.<rule>`
 */
export function parseSpace(input: unknown): SearchSpace {
  const { nodes, edges, frozen, ensemble } = parseWith('space', spaceSchema, spaceRules, input);
  checkVoters('space', nodes.length, ensemble?.voters ?? []);
  const given = indexEdges('space', nodes.length, edges, ensemble !== undefined);
  const listsOf = (source: number, destination: number): EdgeLists =>
    given.get(pair(source, destination)) ?? {
      gates: source > nodes.length ? ['cutoff'] : paperGates,
    };
  return makeSpace(nodes, listsOf, frozen, ensemble);
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
    version: 1,
    nodes: Array.from({ length: count }, (_, index) => ({
      models: index === 0 ? [target] : auxiliaries,
    })),
    edges: [],
    frozen: true,
  });

function makeSpace(
  nodes: readonly NodeChoice[],
  lists: (source: number, destination: number) => EdgeLists,
  frozen: boolean,
  ensemble?: Ensemble,
): SearchSpace {
  const edges = nodes.flatMap((_, index) =>
    sourcesOf(nodes.length, index + 1, ensemble !== undefined).map((source): EdgeChoice => ({
      source,
      destination: index + 1,
      ...normalLists(lists(source, index + 1)),
    })),
  );
  const isNew = ensemble !== undefined || edges.some(isOfVersion2);
  return {
    format: SPACE_FORMAT,
    version: isNew ? 2 : 1,
    nodes,
    edges,
    frozen,
    ...(ensemble && { ensemble }),
  };
}

/**
 * Leaves out lists that hold the usual choice alone. The weight 0 becomes the gate Cutoff, which
 * means the same: each graph has one setting.
 */
function normalLists({ gates: given, kinds, weights: all, temperatures }: EdgeLists): EdgeLists {
  const unusual = <Choice>(list: readonly Choice[] | undefined, usual: Choice) =>
    list !== undefined && list.length > 0 && (list.length > 1 || list[0] !== usual);
  const weights = all?.filter((weight) => weight !== 0);
  const isClosed = weights?.length === 0;
  const closes = weights?.length !== all?.length && !given.includes('cutoff');
  const gates = isClosed ? (['cutoff'] as const) : closes ? [...given, 'cutoff' as const] : given;
  return {
    gates,
    ...(unusual(kinds, USUAL_KIND) && { kinds: kinds! }),
    ...(unusual(weights, 1) && { weights: weights! }),
    ...(unusual(temperatures, 1) && { temperatures: temperatures! }),
  };
}

const isOfVersion2 = ({ gates, kinds, weights }: EdgeChoice): boolean =>
  (kinds ?? weights) !== undefined || gates.some((gate) => !paperGates.includes(gate));

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
): SearchSpace => withLists(space, source, destination, { gates });

/** Returns the space with other lists of choices for one edge. */
export const withLists = (
  space: SearchSpace,
  source: number,
  destination: number,
  lists: Partial<EdgeLists>,
): SearchSpace =>
  parseSpace({
    ...space,
    version: 2,
    edges: space.edges.map((edge) =>
      edge.source === source && edge.destination === destination ? { ...edge, ...lists } : edge,
    ),
  });

/** Returns the space with another ensemble (null: none), whose edges are Cutoff at first. */
export const withSpaceEnsemble = (space: SearchSpace, ensemble: Ensemble | null): SearchSpace => {
  const { ensemble: _, ...rest } = space;
  const edges = space.edges.filter(
    ({ source }) => ensemble !== null || source <= space.nodes.length,
  );
  return parseSpace({ ...rest, version: 2, edges, ...(ensemble && { ensemble }) });
};

/**
 * Returns the space with other kinds, weights or temperatures for all edges between networks. Edges
 * from the ensemble have answers to compare but no stages, so they keep their kinds.
 */
export const withListsBetween = (
  space: SearchSpace,
  { kinds, ...lists }: Partial<Omit<EdgeLists, 'gates'>>,
): SearchSpace =>
  parseSpace({
    ...space,
    version: 2,
    edges: space.edges.map((edge) => {
      if (edge.source === LABEL) return edge;
      const isNetwork = edge.source <= space.nodes.length;
      return { ...edge, ...lists, ...(kinds && isNetwork && { kinds }) };
    }),
  });

/** Choices of an edge that a draw decides after its gate, in this order. */
const LISTS = { kind: 'kinds', weight: 'weights', temperature: 'temperatures' } as const;

type ListName = (typeof LISTS)[keyof typeof LISTS];

/**
 * True where a draw decides the list of an edge: there are several choices, and some graph shows
 * which one it was. Edges that are always Cutoff have no loss, and kinds that compare stages have no
 * temperature.
 */
function isSearched(edge: EdgeChoice, list: ListName): boolean {
  // Asked for every edge of every draw: most edges have one choice.
  if ((edge[list]?.length ?? 0) < 2) return false;
  const opens = edge.gates.some((gate) => gate !== 'cutoff');
  const kinds = edge.kinds ?? [USUAL_KIND];
  const means =
    list !== 'temperatures' || kinds.some((name) => kindNamed(name).compares === 'answers');
  return opens && means;
}

/**
 * One choice (by index) per dimension; null where the other choices leave it without meaning, such
 * as the temperature of a Cutoff.
 */
export type Picks = readonly (number | null)[];

/** One decision of a draw: a node's model, or a part of an edge. */
export type Dimension =
  | { readonly kind: 'model'; readonly node: number; readonly choices: readonly string[] }
  | EdgeDimension<'gate', GateName>
  | EdgeDimension<'kind', KindName>
  | EdgeDimension<'weight' | 'temperature', string>;

interface EdgeDimension<Kind extends string, Choice> {
  readonly kind: Kind;
  readonly source: number;
  readonly destination: number;
  /** Numbers as text, in the order of the space. */
  readonly choices: readonly Choice[];
}

/** Returns all dimensions in the order of drawing: models, gates, then what else is searched. */
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
  ...space.edges.flatMap((edge) => {
    const { source, destination } = edge;
    return Object.entries(LISTS).flatMap(([kind, list]) => {
      const choices = isSearched(edge, list) ? edge[list]! : [];
      return choices.length > 0
        ? [{ kind, source, destination, choices: choices.map(String) } as Dimension]
        : [];
    });
  }),
];

/** Returns the graph for one choice (by index) per dimension; null counts as the first. */
export function graphAt(space: SearchSpace, picks: Picks): Graph {
  const nodes = space.nodes.map(({ models }, index) => ({ model: models[picks[index]!]! }));
  let next = 0; // makeGraph asks for edges in the order of the dimensions
  let listed = nodes.length + space.edges.length;
  const pick = <Choice>(list: readonly Choice[] | undefined, isOpen: boolean) =>
    list?.[isOpen ? (picks[listed++] ?? 0) : 0];
  const carried = (): CarriedParts => {
    const edge = space.edges[next]!;
    return {
      gate: edge.gates[picks[nodes.length + next++]!]!,
      kind: pick(edge.kinds, isSearched(edge, 'kinds')),
      weight: pick(edge.weights, isSearched(edge, 'weights')),
      temperature: pick(edge.temperatures, isSearched(edge, 'temperatures')),
    };
  };
  return makeGraph(nodes, carried, undefined, space.ensemble);
}

/** Reasons for not training a drawn graph. */
export type Rejection = 'target-frozen' | 'voters-frozen' | 'frozen-not-allowed';

const rejectionTexts: Readonly<Record<Rejection, string>> = {
  'target-frozen':
    'the target is frozen: all edges into node 1 are Cutoff, so it would never learn',
  'voters-frozen': 'all voters of the ensemble are frozen, so it would never learn',
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
  if (graph.ensemble?.isObjective) {
    if (votersOf(graph).every((node) => isFrozen(graph, node)))
      return { graph, rejected: 'voters-frozen' };
  } else if (isFrozen(graph, TARGET)) return { graph, rejected: 'target-frozen' };
  if (!space.frozen && nodeNumbers(graph).some((node) => isFrozen(graph, node))) {
    return { graph, rejected: 'frozen-not-allowed' };
  }
  return { graph };
}
