import { isDeepStrictEqual } from 'node:util';
import { problem } from '../base/errors.ts';
import type { LabProblem } from '../base/problem.ts';
import { stream } from '../base/random.ts';
import { graphKey } from '../graph/canonical.ts';
import { withEnsemble } from '../graph/edit.ts';
import { LABEL, kindOf, weightOf } from '../graph/graph.ts';
import type { Edge, Graph } from '../graph/graph.ts';
import { judgeDraw, rejectionText } from '../graph/space.ts';
import type { EdgeChoice, SearchSpace } from '../graph/space.ts';
import { template, templates } from '../graph/templates.ts';
import { toText } from '../graph/text.ts';
import { USUAL_KIND } from '../kinds/kinds.ts';
import { architecture } from '../models/architecture.ts';
import { parameterCount } from '../models/tensors.ts';
import type { StudyPlan } from '../study/plan.ts';
import type { Origin } from '../study/start.ts';
import type { SampledTrial } from './sampler.ts';

/** A graph that a study tries before it draws any. */
export interface StartingPoint {
  readonly origin: Origin;
  readonly graph: Graph;
  /** Canonical key of the graph. */
  readonly key: string;
}

type Beginning = Pick<StudyPlan, 'space' | 'start'>;

/**
 * The starting points of a study in the order of its trials: the known methods that its space has,
 * then a person's own graphs; of equal graphs the first. Own graphs outside the space are left out
 * (`outsideStarts` names them).
 */
export function startingPoints({ space, start }: Beginning): StartingPoint[] {
  if (!start) return [];
  const methods = start.methods ? templates.map(({ name }) => methodIn(space, name)) : [];
  const own = start.graphs.map((graph) => ({ origin: 'own' as const, graph }));
  const found = new Map<string, StartingPoint>();
  for (const { origin, graph } of [...methods, ...own]) {
    if (whyOutside(space, graph) !== null) continue;
    const key = graphKey(graph);
    if (!found.has(key)) found.set(key, { origin, graph, key });
  }
  return [...found.values()];
}

/** The starting point that is trial `number` of a study, as a drawn trial; null for later trials. */
export function startingPointAt(
  plan: StudyPlan,
  number: number,
): (SampledTrial & { origin: Origin }) | null {
  if (number >= templates.length + (plan.start?.graphs.length ?? 0)) return null;
  const found = startingPoints(plan)[number];
  if (!found) return null;
  const seed = stream(plan.seed, 'training', number).next();
  return { ...found, seed, rejected: [], rejection: null, isExhausted: false };
}

/** What is wrong with own starting points that a space does not have. */
export const outsideStarts = ({ space, start }: Beginning): LabProblem[] =>
  (start?.graphs ?? []).flatMap((graph, at) => {
    const why = whyOutside(space, graph);
    if (why === null) return [];
    return [problem('search.start-outside', { number: at + 1, graph: toText(graph), why })];
  });

/**
 * A known method over the networks of a space. Frozen teachers and partners are the largest ones
 * that each node may be; where no node teaches, the smallest, because only the target counts.
 */
function methodIn(space: SearchSpace, name: Exclude<Origin, 'own'>): Omit<StartingPoint, 'key'> {
  const size = name === 'independent' ? 1 : -1;
  const models = space.nodes.map(({ models: [first, ...others] }, index) =>
    index === 0
      ? first!
      : others.reduce(
          (best, model) => (size * (sizeOf(model) - sizeOf(best)) < 0 ? model : best),
          first!,
        ),
  );
  return { origin: name, graph: withEnsemble(template(name, models), space.ensemble ?? null) };
}

/** Any number of classes: the order is the same for all. */
const CLASSES = 100;
const sizeOf = (model: string): number => parameterCount(architecture(model), CLASSES);

/**
 * Why a space does not have a graph, as the second half of a sentence; null when it does. A
 * starting point keeps its own temperatures: KD has 2 in a search at 1.
 */
function whyOutside(space: SearchSpace, graph: Graph): string | null {
  const { nodes, edges, ensemble } = graph;
  if (nodes.length !== space.nodes.length)
    return `it has ${nodes.length} nodes, the space has ${space.nodes.length}`;
  const node = nodes.findIndex(({ model }, at) => !space.nodes[at]!.models.includes(model));
  if (node >= 0) return `node ${node + 1} may not be ${nodes[node]!.model}`;
  const wanted = withEnsemble(graph, space.ensemble ?? null).ensemble;
  if (!isDeepStrictEqual(ensemble, wanted)) return 'its ensemble is not that of the space';
  for (const [at, edge] of edges.entries()) {
    const part = partOutside(space.edges[at]!, edge);
    if (part !== null) return `edge ${edge.source}-${edge.destination} may not ${part}`;
  }
  const { rejected } = judgeDraw(space, graph);
  return rejected === undefined ? null : rejectionText(rejected);
}

/** What an edge carries besides a temperature that its choices do not have; null for nothing. */
function partOutside(choice: EdgeChoice, edge: Edge): string | null {
  const { gates, kinds = [USUAL_KIND], weights = [1] } = choice;
  if (!gates.includes(edge.gate)) return `be ${edge.gate}`;
  if (edge.gate === 'cutoff') return null;
  if (edge.source !== LABEL && !kinds.includes(kindOf(edge))) return `be of kind ${kindOf(edge)}`;
  return weights.includes(weightOf(edge)) ? null : `have the weight ${weightOf(edge)}`;
}
