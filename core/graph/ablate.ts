import { type GateName, gateNames, paperGates } from '../gates/gates.ts';
import { graphKey } from './canonical.ts';
import { checkGraph } from './check.ts';
import { withGate } from './edit.ts';
import { reachesTarget, type Graph } from './graph.ts';

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

/**
 * Why a change is not trained. `same`: canonically another graph of the ablation; `target-frozen`:
 * the target would learn nothing; `no-path`: no path leads from the changed node to the one whose
 * accuracy counts, so the result is that of the graph.
 */
export const SKIP_REASONS = ['same', 'target-frozen', 'no-path'] as const;

/** A change that is not trained. */
export interface SkippedAblation {
  name: AblatedName;
  reason: (typeof SKIP_REASONS)[number];
  /** The variant that is the same graph; null for other reasons. */
  as: AblatedName | 'graph' | null;
}

/**
 * Returns the variants of an ablation in the order of the graph's edges: canonical duplicates,
 * graphs that cannot be trained and changes that cannot matter are skipped, with their reason.
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
  for (const { name, destination, changed } of changesOf(graph, kind, gates)) {
    const key = graphKey(changed);
    const same = known.get(key);
    // An edge into a node is on no path from that node, so the change opens or closes none.
    if (!reachesTarget(graph, destination)) skipped.push({ name, reason: 'no-path', as: null });
    else if (checkGraph(changed).some(({ code }) => code === 'target-frozen'))
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
): { name: AblatedName; destination: number; changed: Graph }[] {
  const tried = gateNames.filter((name) => [...paperGates, ...gates].includes(name));
  return graph.edges.flatMap(({ source, destination, gate }) =>
    (kind === 'gates' ? tried : (['cutoff'] as const))
      .filter((other) => other !== gate)
      .map((other) => ({
        name: `${other} ${source}-${destination}` as const,
        destination,
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

/**
 * Returns why a change is not trained, without a full stop.
 *
 * @param titleOf the title of another variant
 */
export function skippedText(
  { name, reason, as }: SkippedAblation,
  titleOf: (name: AblatedName) => string,
): string {
  if (reason === 'target-frozen') return 'the target would be frozen';
  if (reason === 'same' && as !== null)
    return `the same graph as ${as === 'graph' ? 'the graph itself' : titleOf(as)}`;
  return (
    `cannot matter, because no path of open edges leads from node ` +
    `${ablatedEdge(name)!.destination} to the node whose accuracy counts`
  );
}
