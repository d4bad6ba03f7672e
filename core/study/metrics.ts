/**
 * One node at the end of an epoch. Accuracies are fractions of 1. NaN where nothing was measured or
 * training diverged.
 */
export interface NodeMetrics {
  /** On the evaluation images. */
  accuracy: number;
  /** Cross-entropy on the evaluation images, mean per image. */
  loss: number;
  /** On the training images of this epoch, as they were seen. */
  trainAccuracy: number;
  /** Sum of the gated losses of all edges into the node, mean per image of this epoch. */
  trainLoss: number;
}

/** One edge over the training images of an epoch. */
export interface EdgeMetrics {
  /** Cross-entropy or KL before the gate, mean per image. */
  rawLoss: number;
  /** What the gate lets through, mean per image: it enters the destination's loss. */
  gatedLoss: number;
  /** The gate's weight at the end of the epoch, 0..1. */
  weight: number;
  /** Images that source and destination both had right. The label, as a source, is always right. */
  bothRight: number;
  /** Source right, destination wrong (TF). */
  onlySourceRight: number;
  /** Source wrong, destination right (FT). */
  onlyDestinationRight: number;
  bothWrong: number;
}

/** What a run reports at the end of an epoch. */
export interface EpochMetrics {
  /** 1-based: epochs done so far. */
  epoch: number;
  /** Training and evaluation of this epoch, without waiting. */
  seconds: number;
  /** nodes[i] is node i + 1. */
  nodes: NodeMetrics[];
  /**
   * All M * M edges in the graph's own order (destination, then source); null for an edge that
   * carries nothing.
   */
  edges: (EdgeMetrics | null)[];
}

/** The number that a search maximises: the target's accuracy on the evaluation images. */
export const targetAccuracy = (metrics: EpochMetrics): number => metrics.nodes[0]?.accuracy ?? NaN;
