import type { Graph } from '../graph/graph.ts';
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
  const { batch, learningRate: rate, momentum, weightDecay, drops } = recipe;
  const edges = graph.edges.map(({ source, destination, gate: name, temperature }) => [
    source,
    destination,
    name,
    temperature ?? 1,
  ]);
  return JSON.stringify([
    graph.nodes.map(({ model }) => model),
    edges,
    nodes,
    protocol,
    purpose,
    protocol === 'held-out' ? splitSeed : 0,
    epochs,
    [batch, rate, momentum, weightDecay, drops],
  ]);
}
