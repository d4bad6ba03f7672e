/**
 * A moment of a training as its figure shows it: edges as wide as the loss that passes them, gates
 * as open as they were, nodes filled with their accuracy.
 */
import { gate as gateOf } from '../../../core/gates/gates.ts';
import { LABEL, type Edge, type Graph } from '../../../core/graph/graph.ts';
import type { WireEdge, WireEpoch } from '../../../core/lab/api.ts';
import { round, type Point } from './geometry.ts';
import { edgeKey } from './part.ts';

export interface FilmFrame {
  /** From 1 on; between two epochs values are interpolated. */
  readonly epoch: number;
  /** Of node i + 1, fractions of 1. */
  readonly accuracies: readonly (number | null)[];
  /** Share of the run that is done. */
  readonly progress: number;
  /** Widths of the open edges by `edgeKey`, in usual widths. */
  readonly widths: ReadonlyMap<string, number>;
  /** Shares of the loss that their gates let pass, by `edgeKey`. */
  readonly passing: ReadonlyMap<string, number>;
}

/** Widths of an edge without loss and of the one with the largest loss, in usual widths. */
const [THIN, WIDE] = [0.6, 3];

/**
 * @param epochs measured ones, ascending from epoch 1; at least one
 * @param total epochs of the whole run
 * @param at epoch from 1 on, whole or not
 */
export function filmFrame(
  graph: Graph,
  epochs: readonly WireEpoch[],
  total: number,
  at: number,
): FilmFrame {
  const place = Math.max(0, Math.min(epochs.length - 1, at - 1));
  const [before, after] = [epochs[Math.floor(place)]!, epochs[Math.ceil(place)]!];
  const share = place - Math.floor(place);
  const between = (from: number | null, to: number | null): number | null =>
    from === null || to === null ? (to ?? from) : from + share * (to - from);
  const most = Math.max(
    0,
    ...epochs.flatMap(({ edges }) => edges.map((edge) => edge?.gatedLoss ?? 0)),
  );
  const widths = new Map<string, number>();
  const passing = new Map<string, number>();
  graph.edges.forEach((edge, i) => {
    const [from, to] = [before.edges[i], after.edges[i]];
    if (!from || !to) return;
    const loss = between(from.gatedLoss, to.gatedLoss) ?? 0;
    const strength = most > 0 ? Math.sqrt(Math.max(0, loss) / most) : 0;
    widths.set(edgeKey(edge), round(THIN + (WIDE - THIN) * strength));
    passing.set(edgeKey(edge), between(passes(edge, from), passes(edge, to)) ?? 1);
  });
  return {
    epoch: place + 1,
    accuracies: before.nodes.map(({ accuracy }, i) =>
      between(accuracy, after.nodes[i]?.accuracy ?? null),
    ),
    progress: (place + 1) / total,
    widths,
    passing,
  };
}

/** Share of the loss of an epoch that a gate let pass: by its weight, and by the right answers. */
function passes({ gate, source }: Edge, { weight, tt, tf, ft, ff }: WireEdge): number | null {
  const images = tt + tf + ft + ff;
  const right =
    source === LABEL || !gateOf(gate).onlyCorrect || !(images > 0) ? 1 : (tt + tf) / images;
  return weight === null ? null : Math.max(0, Math.min(1, weight * right));
}

/**
 * SVG path data of a circle that is filled from below to a share of its height, in absolute
 * commands M, C and Z alone.
 */
export function levelPath({ x, y }: Point, radius: number, share: number): string {
  const level = Math.max(0, Math.min(1, share));
  const half = Math.acos(1 - 2 * level);
  const steps = Math.max(1, Math.ceil(half / (Math.PI / 4)));
  const at = (angle: number): Point => ({
    x: x + radius * Math.sin(angle),
    y: y + radius * Math.cos(angle),
  });
  const text = (point: Point): string => `${round(point.x)} ${round(point.y)}`;
  const turn = (2 * half) / steps;
  // A Bezier curve with such handles is an arc to a ten-thousandth of its radius.
  const handle = (4 / 3) * Math.tan(turn / 4) * radius;
  const curves = Array.from({ length: steps }, (_, i) => {
    const [from, to] = [-half + i * turn, -half + (i + 1) * turn];
    const [a, b] = [at(from), at(to)];
    const first = { x: a.x + handle * Math.cos(from), y: a.y - handle * Math.sin(from) };
    const second = { x: b.x - handle * Math.cos(to), y: b.y + handle * Math.sin(to) };
    return `C${text(first)} ${text(second)} ${text(b)}`;
  });
  return `M${text(at(-half))}${curves.join('')}Z`;
}
