/** Values of one edge over the epochs of a run. */
import type { Edge, Graph } from '../../../core/graph/graph.ts';
import type { WireEdge, WireEpoch } from '../../../core/lab/api.ts';
import type { ShareSeries } from '../../charts/shares.ts';
import { agreement } from '../../words/graph.ts';

type Values = (number | null)[];

interface EdgeSeries {
  readonly raw: Values;
  readonly gated: Values;
  readonly weight: Values;
  /** Of the loss of its destination that comes over the edge; null where that is 0. */
  readonly share: Values;
}

/** Metrics of an edge by epoch from 1; null where it carried nothing or the epoch is unknown. */
function byEpoch(
  { edges }: Graph,
  epochs: readonly WireEpoch[],
  { source, destination }: Edge,
): { epoch: WireEpoch; edge: WireEdge }[] {
  const at = edges.findIndex((each) => each.source === source && each.destination === destination);
  return epochs.flatMap((epoch) => {
    const edge = epoch.edges[at];
    return edge ? [{ epoch, edge }] : [];
  });
}

function series<Item extends { epoch: WireEpoch }>(
  items: readonly Item[],
  value: (item: Item) => number | null,
): Values {
  const values: Values = [];
  for (const item of items) values[item.epoch.epoch - 1] = value(item);
  return Array.from(values, (each) => each ?? null);
}

export function edgeSeries(graph: Graph, epochs: readonly WireEpoch[], edge: Edge): EdgeSeries {
  const items = byEpoch(graph, epochs, edge);
  return {
    raw: series(items, ({ edge: { rawLoss } }) => rawLoss),
    gated: series(items, ({ edge: { gatedLoss } }) => gatedLoss),
    weight: series(items, ({ edge: { weight } }) => weight),
    share: series(items, ({ epoch, edge: { gatedLoss } }) => {
      const whole = epoch.nodes[edge.destination - 1]?.trainLoss ?? 0;
      return gatedLoss === null || !(whole > 0) ? null : gatedLoss / whole;
    }),
  };
}

/** Shares of the images that both, one or none had right, from both to none. */
export function agreementOverTime(
  graph: Graph,
  epochs: readonly WireEpoch[],
  edge: Edge,
): ShareSeries[] {
  const items = byEpoch(graph, epochs, edge).flatMap(({ epoch, edge: counts }) => {
    const shares = agreement(edge, counts);
    return shares ? [{ epoch, shares }] : [];
  });
  const [first] = items;
  if (!first) return [];
  return first.shares.map(({ key, meaning }) => ({
    title: meaning,
    values: series(items, ({ shares }) => shares.find((each) => each.key === key)!.share),
  }));
}
