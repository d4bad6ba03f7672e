import { gate } from '../gates/gates.ts';
import { edgeOf, ensembleNumber, evaluatedNodes, type Graph } from '../graph/graph.ts';
import type { EdgeMetrics, EpochMetrics, NodeMetrics } from '../study/metrics.ts';
import type { TrainingPlan } from '../study/plan.ts';
import type { EpochSums } from './checkpoint.ts';
import { placesOf, sourcesIn } from './edges.ts';

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
  const place = placesOf(graph, nodes);
  const ensemble = ensembleNumber(graph);
  const right = (node: number): number => {
    if (node === 0) return images;
    return node === ensemble ? sums.ensembleRight! : sums.bothRight[place(0, node)]!;
  };
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
  const computed = (node: number): boolean => sourcesIn(graph, nodes).includes(node);
  const trainLoss = (node: number): number =>
    nodes.includes(node) ? sums.nodeLoss[nodes.indexOf(node)]! / stepsPerEpoch : NaN;
  return {
    epoch,
    seconds,
    nodes: evaluatedNodes(graph).map((node, i) => ({
      ...evaluation[i]!,
      trainAccuracy: computed(node) ? right(node) / images : NaN,
      trainLoss: trainLoss(node),
    })),
    edges: graph.edges.map(({ source, destination, gate: name }) =>
      name === 'cutoff' || !computed(source) || !computed(destination)
        ? null
        : edgeMetrics(source, destination),
    ),
  };
}
