/** The shape of the figure for each number of nodes. */
import { polar, wrap, type Point } from './geometry.ts';

export type Side = 'below' | 'above' | 'left' | 'right';

export interface Shape {
  readonly radius: number;
  readonly label: Point;
  /** Of each node: place, direction its edges leave to, side of its caption. */
  readonly nodes: readonly (Point & { readonly faces: number; readonly caption: Side })[];
  /** Degrees between neighbouring slots on a node's border. */
  readonly step: number;
  /** Width of the label's slot, in steps: no tail stands beside its head. */
  readonly labelSlot: number;
  /** Length of a curve's handles as a share of the distance between its ends. */
  readonly bend: number;
  readonly letterRadius: number;
}

/** A ring around the label, from the first node clockwise. */
function ring(
  size: number,
  first: number,
  captions: readonly Side[],
  shape: Omit<Shape, 'nodes' | 'label'>,
): Shape {
  const centre = { x: 0, y: 0 };
  return {
    ...shape,
    label: centre,
    nodes: captions.map((caption, i) => {
      const angle = first + (360 * i) / captions.length;
      return { ...polar(centre, angle, size), faces: wrap(angle + 180), caption };
    }),
  };
}

/** Tuned by eye and checked by the layout's test: clearances of all edges at once. */
export const shapes: readonly Shape[] = [
  {
    radius: 28,
    label: { x: 0, y: -120 },
    nodes: [{ x: 0, y: 0, faces: -90, caption: 'below' }],
    step: 20,
    labelSlot: 1,
    bend: 0.35,
    letterRadius: 8,
  },
  {
    radius: 28,
    label: { x: -122, y: 0 },
    nodes: [
      { x: 0, y: -112, faces: 110.8, caption: 'above' },
      { x: 0, y: 112, faces: -110.8, caption: 'below' },
    ],
    step: 26,
    labelSlot: 1.6,
    bend: 0.36,
    letterRadius: 8,
  },
  ring(142, -90, ['above', 'below', 'below'], {
    radius: 28,
    step: 22,
    labelSlot: 0.75,
    bend: 0.38,
    letterRadius: 8,
  }),
  ring(168, -90, ['above', 'right', 'below', 'left'], {
    radius: 28,
    step: 18,
    labelSlot: 1.15,
    bend: 0.44,
    letterRadius: 8.5,
  }),
  ring(190, -90, ['above', 'right', 'below', 'below', 'left'], {
    radius: 29,
    step: 17.5,
    labelSlot: 1.6,
    bend: 0.42,
    letterRadius: 10.5,
  }),
  ring(222, -90, ['above', 'right', 'right', 'below', 'left', 'left'], {
    radius: 30,
    step: 16.1,
    labelSlot: 1.6,
    bend: 0.34,
    letterRadius: 12,
  }),
  ring(262, -90, ['above', 'right', 'right', 'below', 'below', 'left', 'left'], {
    radius: 32,
    step: 13.3,
    labelSlot: 1.6,
    bend: 0.33,
    letterRadius: 13,
  }),
  // seven networks and an ensemble
  ring(300, -112.5, ['above', 'above', 'right', 'right', 'below', 'below', 'left', 'left'], {
    radius: 32,
    step: 11.6,
    labelSlot: 1.6,
    bend: 0.33,
    letterRadius: 13,
  }),
];
