import { gate } from '../gates/gates.ts';
import { edgeOf, type Graph, nodeNumbers } from '../graph/graph.ts';
import type { EdgeMetrics, EpochMetrics, NodeMetrics } from '../study/metrics.ts';
import type { TrainingPlan } from '../study/plan.ts';
import type { EpochSums } from './checkpoint.ts';
import { placesOf } from './edges.ts';

/** Sums of a trained epoch, and the training that they belong to. */
interface TrainedEpoch {
  readonly graph: Graph;
  readonly plan: TrainingPlan;
  /** Graph numbers of the computed nodes in the step's order. */
  readonly nodes: readonly number[];
  readonly sums: EpochSums;
  readonly stepsPerEpoch: number;
  readonly seconds: number;
}

/**
 * Returns the metrics of a trained and evaluated epoch: means per step of the losses, counts of
 * right answers per edge, NaN for nodes that are not computed. Edges without a computed end, and
 * Cutoff edges, have null.
 */
export function epochReport(
  epoch: number,
  evaluation: readonly Pick<NodeMetrics, 'accuracy' | 'loss'>[],
  { graph, plan, nodes, sums, stepsPerEpoch, seconds }: TrainedEpoch,
): EpochMetrics {
  const images = stepsPerEpoch * plan.recipe.batch;
  const place = placesOf(nodes);
  const right = (node: number): number => (node === 0 ? images : sums.bothRight[place(0, node)]!);
  const edgeMetrics = (source: number, destination: number): EdgeMetrics => {
    const at = place(source, destination);
    const both = sums.bothRight[at]!;
    return {
      rawLoss: sums.raw[at]! / stepsPerEpoch,
      gatedLoss: sums.gated[at]! / stepsPerEpoch,
      weight: gate(edgeOf(graph, source, destination).gate).weight(epoch / plan.epochs),
      bothRight: both,
      onlySourceRight: right(source) - both,
      onlyDestinationRight: right(destination) - both,
      bothWrong: images - right(source) - right(destination) + both,
    };
  };
  const computed = (node: number): boolean => node === 0 || nodes.includes(node);
  return {
    epoch,
    seconds,
    nodes: nodeNumbers(graph).map((node, i) => ({
      ...evaluation[i]!,
      trainAccuracy: computed(node) ? right(node) / images : NaN,
      trainLoss: computed(node) ? sums.nodeLoss[nodes.indexOf(node)]! / stepsPerEpoch : NaN,
    })),
    edges: graph.edges.map(({ source, destination, gate: name }) =>
      name === 'cutoff' || !computed(source) || !computed(destination)
        ? null
        : edgeMetrics(source, destination),
    ),
  };
}
