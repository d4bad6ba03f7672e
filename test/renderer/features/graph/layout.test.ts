import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  distance,
  distanceToBox,
  overlap,
  sample,
  type Point,
} from '../../../../renderer/features/graph/geometry.ts';
import { LARGEST, layout, type PlacedEdge } from '../../../../renderer/features/graph/layout.ts';

/** Smallest distance between two sets of points. */
const gap = (some: readonly Point[], others: readonly Point[]): number =>
  Math.min(...some.map((a) => Math.min(...others.map((b) => distance(a, b)))));

/** Outline of an arrow head: corners and the points between them. */
const outline = ({ head }: PlacedEdge): Point[] =>
  head.flatMap((a, i) => {
    const b = head[(i + 1) % 3]!;
    return [0, 0.25, 0.5, 0.75].map((t) => ({
      x: a.x + (b.x - a.x) * t,
      y: a.y + (b.y - a.y) * t,
    }));
  });

const name = (edge: PlacedEdge): string => `${edge.source}->${edge.destination}`;

for (let size = 1; size <= LARGEST; size++) {
  describe(`the layout of ${size} nodes with all edges drawn`, () => {
    const { nodes, edges, label, letterRadius, viewBox } = layout(size);
    const curves = edges.map((edge) => sample(edge.curve, 120));
    const heads = edges.map(outline);

    test('has every edge once, ordered by destination then source', () => {
      const expected = nodes.flatMap(({ node }) =>
        [0, ...nodes.map((other) => other.node)]
          .filter((s) => s !== node)
          .map((s) => `${s}->${node}`),
      );
      assert.deepEqual(edges.map(name), expected);
    });

    test('no edge comes near a node that is not its own, and none enters its own', () => {
      edges.forEach((edge, i) => {
        for (const node of nodes) {
          const own = node.node === edge.source || node.node === edge.destination;
          const room = gap(curves[i]!, [node]) - node.radius;
          assert.ok(room >= (own ? -0.01 : 15), `${name(edge)} is ${room} from node ${node.node}`);
        }
      });
    });

    test('arrow heads end on the border of their destination, pointing at its centre', () => {
      for (const edge of edges) {
        const node = nodes[edge.destination - 1]!;
        const [tip, left, right] = edge.head;
        assert.ok(Math.abs(distance(tip, node) - node.radius - 1.5) < 1e-9);
        assert.ok(Math.abs(distance(left, node) - distance(right, node)) < 1e-9);
        assert.ok(distance(left, node) > distance(tip, node));
      }
    });

    test('no edge, and no other head, touches a head', () => {
      edges.forEach((edge, i) => {
        edges.forEach((other, j) => {
          if (i === j) return;
          assert.ok(
            gap(heads[i]!, curves[j]!) >= 4,
            `${name(other)} crosses the head of ${name(edge)}`,
          );
          assert.ok(
            gap(heads[i]!, heads[j]!) >= 3,
            `heads of ${name(edge)} and ${name(other)} touch`,
          );
        });
      });
    });

    test('letters stand clear of other edges, heads, nodes, captions and letters', () => {
      edges.forEach((edge, i) => {
        edges.forEach((other, j) => {
          if (i === j) return;
          const rooms = [
            gap([edge.letter], curves[j]!),
            gap([edge.letter], heads[j]!),
            distance(edge.letter, other.letter) - letterRadius,
          ];
          assert.ok(
            Math.min(...rooms) >= letterRadius + 1,
            `letter of ${name(edge)} at ${name(other)}: ${rooms.join()}`,
          );
        });
        assert.ok(gap([edge.letter], heads[i]!) > letterRadius);
        for (const node of nodes) {
          assert.ok(distance(edge.letter, node) > node.radius + letterRadius);
          assert.ok(distanceToBox(edge.letter, node.caption) > letterRadius);
        }
        assert.ok(gap([edge.letter], curves[i]!) < 2, 'a letter stands on its own edge');
      });
    });

    test('captions and the label are crossed by nothing', () => {
      edges.forEach((edge, i) => {
        for (const node of nodes) {
          const points = [...curves[i]!, ...heads[i]!];
          assert.ok(
            Math.min(...points.map((p) => distanceToBox(p, node.caption))) >= 6,
            `${name(edge)} runs into the caption of node ${node.node}`,
          );
        }
        if (edge.source !== 0) {
          assert.ok(Math.min(...curves[i]!.map((p) => distanceToBox(p, label))) >= 10, name(edge));
        }
      });
      for (const { node, caption } of nodes) {
        for (const other of nodes) {
          if (other.node !== node) assert.ok(!overlap(caption, other.caption));
          assert.ok(distanceToBox(other, caption) >= other.radius);
        }
        assert.ok(!overlap(caption, label));
      }
    });

    test('the view box holds everything', () => {
      const [left, top, width, height] = viewBox;
      const points = [
        ...curves.flat(),
        ...heads.flat(),
        ...[label, ...nodes.map((node) => node.caption)].flatMap((box) => [
          { x: box.x - box.halfWidth, y: box.y - box.halfHeight },
          { x: box.x + box.halfWidth, y: box.y + box.halfHeight },
        ]),
        ...nodes.flatMap(({ x, y, radius }) => [
          { x: x - radius, y: y - radius },
          { x: x + radius, y: y + radius },
        ]),
      ];
      for (const { x, y } of points) {
        assert.ok(x > left && x < left + width && y > top && y < top + height, `${x} ${y}`);
      }
    });
  });
}

test('the target is on top, whatever the number of nodes', () => {
  for (let size = 1; size <= LARGEST; size++) {
    const [target, ...others] = layout(size).nodes;
    for (const { y } of others) assert.ok(y > target!.y, `${size} nodes`);
  }
});

test('the two edges of a pair keep apart', () => {
  for (let size = 2; size <= LARGEST; size++) {
    const { edges } = layout(size);
    for (const edge of edges) {
      const back = edges.find(
        (e) => e.source === edge.destination && e.destination === edge.source,
      );
      if (back) assert.ok(gap(sample(edge.curve, 60), sample(back.curve, 60)) > 5, name(edge));
    }
  }
});

test('a graph without a layout is refused', () => {
  assert.equal(layout(LARGEST + 1).nodes.length, LARGEST + 1); // with an ensemble
  assert.throws(() => layout(LARGEST + 2), RangeError);
  assert.throws(() => layout(0), RangeError);
});
