import { type GateName, gateNames, paperGates } from '../gates/gates.ts';
import { graphKey } from './canonical.ts';
import { checkGraph } from './check.ts';
import { withGate } from './edit.ts';
import type { Graph } from './graph.ts';

/** What an ablation changes: every open edge removed, or every edge with each other gate of it. */
export const ABLATION_KINDS = ['edges', 'gates'] as const;
export type AblationKind = (typeof ABLATION_KINDS)[number];

/** Name of a graph with another gate on one edge: `cutoff 2-1`, source and destination. */
export type AblatedName = `${GateName} ${number}-${number}`;

/** A graph with another gate on one edge. */
export interface Ablated {
  name: AblatedName;
  graph: Graph;
  key: string;
}

/** A change that is not trained. */
export interface SkippedAblation {
  name: AblatedName;
  /** `same`: canonically the graph `as`; `target-frozen`: the target would learn nothing. */
  reason: 'same' | 'target-frozen';
  /** The variant that is the same graph; null for `target-frozen`. */
  as: AblatedName | 'graph' | null;
}

/**
 * Returns the variants of an ablation in the order of the graph's edges: canonical duplicates and
 * graphs that cannot be trained are skipped, with their reason.
 *
 * @param gates more gates than the paper's, which the graph's search space has
 */
export function ablationsOf(
  graph: Graph,
  kind: AblationKind,
  gates: readonly GateName[] = [],
): { variants: Ablated[]; skipped: SkippedAblation[] } {
  const known = new Map<string, AblatedName | 'graph'>([[graphKey(graph), 'graph']]);
  const variants: Ablated[] = [];
  const skipped: SkippedAblation[] = [];
  for (const { name, changed } of changesOf(graph, kind, gates)) {
    const key = graphKey(changed);
    const same = known.get(key);
    if (checkGraph(changed).some(({ code }) => code === 'target-frozen'))
      skipped.push({ name, reason: 'target-frozen', as: null });
    else if (same !== undefined) skipped.push({ name, reason: 'same', as: same });
    else {
      known.set(key, name);
      variants.push({ name, graph: changed, key });
    }
  }
  return { variants, skipped };
}

function changesOf(
  graph: Graph,
  kind: AblationKind,
  gates: readonly GateName[],
): { name: AblatedName; changed: Graph }[] {
  const tried = gateNames.filter((name) => [...paperGates, ...gates].includes(name));
  return graph.edges.flatMap(({ source, destination, gate }) =>
    (kind === 'gates' ? tried : (['cutoff'] as const))
      .filter((other) => other !== gate)
      .map((other) => ({
        name: `${other} ${source}-${destination}` as const,
        changed: withGate(graph, source, destination, other),
      })),
  );
}

/** Returns gate and edge of a name; null for a name of another kind. */
export function ablatedEdge(
  name: string,
): { gate: GateName; source: number; destination: number } | null {
  const [, gate, source, destination] = /^([a-z-]+) (\d+)-(\d+)$/.exec(name) ?? [];
  const known = gateNames.find((each) => each === gate);
  return known ? { gate: known, source: Number(source), destination: Number(destination) } : null;
}
