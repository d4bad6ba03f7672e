/**
 * A graph as its adjacency matrix: a row for each learner (the target's on top), a column for each
 * teacher (the label's first), a cell in the colour of the gate. Readable where a drawing of nodes
 * and edges is not: below 120 pixels, and for many nodes.
 */
import type { Gate } from '../../core/gates/gate.ts';
import { gate as gateOf, type GateName } from '../../core/gates/gates.ts';
import { LABEL, edgesInto, nodeNumbers, type Edge, type Graph } from '../../core/graph/graph.ts';
import { roleOf, roles, type Role } from '../../core/graph/roles.ts';

interface FingerprintCell {
  readonly edge: Edge;
  readonly gate: Gate & { readonly name: GateName };
  /** Pixels: left and upper edge. */
  readonly x: number;
  readonly y: number;
}

/** The cell of a node's own row and column. */
interface FingerprintNode {
  readonly node: number;
  readonly role: Role;
  readonly x: number;
  readonly y: number;
}

export interface Fingerprint {
  readonly width: number;
  readonly height: number;
  /** Pixels of a cell's side, and the gap to the next one. */
  readonly side: number;
  readonly gap: number;
  /** Letters can be read in the cells. */
  readonly letters: boolean;
  readonly cells: readonly FingerprintCell[];
  readonly nodes: readonly FingerprintNode[];
}

/** Pixels of the smallest cell in which a letter can be read. */
const LETTER = 13;

/** The matrix of a graph with M nodes, M rows by M + 1 columns, `width` pixels wide. */
export function fingerprint(graph: Graph, width: number): Fingerprint {
  const numbers = nodeNumbers(graph);
  const step = width / (numbers.length + 1);
  const gap = step < 7 ? 0.5 : 1;
  const place = (index: number): number => index * step + gap / 2;
  return {
    width,
    height: numbers.length * step,
    side: step - gap,
    gap,
    letters: step - gap >= LETTER,
    cells: numbers.flatMap((node) =>
      edgesInto(graph, node).map((edge) => ({
        edge,
        gate: gateOf(edge.gate),
        x: place(edge.source === LABEL ? 0 : edge.source),
        y: place(node - 1),
      })),
    ),
    nodes: numbers.map((node) => ({
      node,
      role: roleOf(graph, node),
      x: place(node),
      y: place(node - 1),
    })),
  };
}

/**
 * The sign of a gate in a cell at (x, y) without a letter, as SVG path data, so that colour is not
 * the only sign: Through fills the cell, a weight over time fills the area below its curve, Correct
 * is a disc, its mean a ring; Cutoff leaves the cell open.
 */
export const gateSign = (
  { name }: { readonly name: GateName },
  side: number,
  { x, y }: Corner = { x: 0, y: 0 },
): string => signs[name](x, y, side);

/** Left and upper edge in pixels. */
interface Corner {
  readonly x: number;
  readonly y: number;
}

type Sign = (x: number, y: number, side: number) => string;

const square: Sign = (x, y, side) => `M${x} ${y}h${side}v${side}h${-side}Z`;

const signs: Readonly<Record<GateName, Sign>> = {
  through: square,
  cutoff: () => '',
  linear: (x, y, side) => `M${x} ${y + side}l${side} ${-side}v${side}Z`,
  correct: (x, y, side) => circle(x + side / 2, y + side / 2, side * 0.42, 0),
  'negative-linear': (x, y, side) => `M${x} ${y}l${side} ${side}h${-side}Z`,
  'half-cosine': (x, y, side) =>
    `M${x} ${y + side}c${side / 2} 0 ${side / 2} ${-side} ${side} ${-side}v${side}Z`,
  'correct-mean': (x, y, side) =>
    circle(x + side / 2, y + side / 2, side * 0.46, 0) +
    circle(x + side / 2, y + side / 2, side * 0.22, 1),
};

/** A circle; one inside another with the other turn is a hole. */
const circle = (x: number, y: number, r: number, turn: 0 | 1): string =>
  `M${x - r} ${y}a${r} ${r} 0 1 ${turn} ${2 * r} 0a${r} ${r} 0 1 ${turn} ${-2 * r} 0Z`;

/** Areas of one colour as one path. */
export interface ColoredPath {
  readonly color: string;
  readonly d: string;
}

const joined = (parts: readonly ColoredPath[]): ColoredPath[] =>
  [...Map.groupBy(parts, ({ color }) => color)].map(([color, same]) => ({
    color,
    d: same.map(({ d }) => d).join(''),
  }));

/** The discs of the nodes by colour. */
export const nodePaths = ({ nodes, side }: Fingerprint): ColoredPath[] =>
  joined(
    nodes.map(({ role, x, y }) => ({
      color: roles[role].color,
      d: circle(x + side / 2, y + side / 2, Math.max(1, side * 0.2), 0),
    })),
  );

/**
 * Cells without letters: their grounds as one path, and the signs by colour. A table shows hundreds
 * of cells, which would be as many elements.
 */
export const signPaths = (
  cells: readonly FingerprintCell[],
  side: number,
): { ground: string; signs: ColoredPath[] } => ({
  ground: cells.map(({ x, y }) => square(x, y, side)).join(''),
  signs: joined(
    cells
      .map((cell) => ({ color: cell.gate.color, d: gateSign(cell.gate, side, cell) }))
      .filter(({ d }) => d !== ''),
  ),
});
