import { type Graph, kindOf, temperatureOf, weightOf } from '../graph/graph.ts';
import type { TrainingPlan } from '../study/plan.ts';

/** Returns the identity: two runs with equal identities, seeds and data give equal numbers. */
export function runIdentity({
  graph,
  plan,
  nodes,
}: {
  graph: Graph;
  plan: TrainingPlan;
  nodes: 'all' | 'needed';
}): string {
  const { protocol, purpose, splitSeed, epochs, recipe } = plan;
  const { batch, learningRate: rate, momentum, weightDecay, drops, ...more } = recipe;
  const edges = graph.edges.map(({ source, destination, gate: name, ...edge }) => [
    ...[source, destination, name, temperatureOf(edge)],
    ...((edge.kind ?? edge.weight) ? [kindOf(edge), weightOf(edge)] : []),
  ]);
  return JSON.stringify([
    graph.nodes.map(({ model }) => model),
    edges,
    nodes,
    protocol,
    purpose,
    protocol === 'held-out' ? splitSeed : 0,
    epochs,
    [batch, rate, momentum, weightDecay, drops, ...Object.entries(more).sort()],
    ...(graph.ensemble ? [graph.ensemble] : []),
  ]);
}
