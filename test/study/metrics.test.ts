import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type EdgeMetrics,
  packEdges,
  packNodes,
  unmeasuredEdge,
  unmeasuredNode,
  unpackAccuracies,
  unpackEdges,
  unpackNodes,
  wireEpoch,
} from '../../core/study/metrics.ts';

const nodes = [
  { ...unmeasuredNode, accuracy: 0.1, loss: 2, trainAccuracy: 1 / 3, trainLoss: NaN },
  { ...unmeasuredNode, accuracy: NaN, loss: Infinity, trainAccuracy: 0, trainLoss: 1 },
];
const edge: EdgeMetrics = {
  ...unmeasuredEdge,
  rawLoss: 1.5,
  gatedLoss: NaN,
  weight: 0.5,
  bothRight: 1,
  onlySourceRight: 2,
  onlyDestinationRight: 3,
  bothWrong: 4,
};

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Float64 values one after the other, then the number of values in a record. */
function marked(values: readonly number[], mark: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 8 + 1));
  for (const [index, value] of values.entries()) view.setFloat64(index * 8, value, true);
  view.setUint8(values.length * 8, mark);
  return new Uint8Array(view.buffer);
}

describe('packed metrics', () => {
  test('begin with the bytes that every lab file has', () => {
    assert.ok(
      hex(packNodes(nodes)).startsWith(
        '9a9999999999b93f' + '0000000000000040' + '555555555555d53f' + '000000000000f87f',
      ),
    );
    assert.ok(
      hex(packEdges([edge])).startsWith(
        '0000c03f' + '0000c07f' + '0000003f' + '0000803f' + '00000040' + '00004040' + '00008040',
      ),
    );
  });

  test('come back as they were', () => {
    assert.deepEqual(unpackNodes(packNodes(nodes)), nodes);
    assert.deepEqual(unpackAccuracies(packNodes(nodes)), [0.1, NaN]);
    assert.deepEqual(unpackEdges(packEdges([edge, null, edge])), [edge, null, edge]);
  });

  test('of a program with fewer fields leave the others unmeasured', () => {
    const bytes = marked([0.5, 2, 0.25, 3], 2);
    assert.deepEqual(unpackNodes(bytes), [
      { ...unmeasuredNode, accuracy: 0.5, loss: 2 },
      { ...unmeasuredNode, accuracy: 0.25, loss: 3 },
    ]);
    assert.deepEqual(unpackAccuracies(bytes), [0.5, 0.25]);
  });

  test('of a program with more fields lose only those', () => {
    const further = Array.from({ length: 20 }, (_, index) => 100 + index);
    const known = Object.keys(unmeasuredNode).length;
    const [read] = unpackNodes(marked(further, further.length));
    assert.deepEqual(Object.values(read!), further.slice(0, known));
  });

  test('without a record are empty, whatever their mark says', () => {
    assert.deepEqual(unpackNodes(new Uint8Array()), []);
    assert.deepEqual(unpackNodes(Uint8Array.of(0)), []);
  });
});

test('JSON has null for numbers that it lacks, and letters for counts of images', () => {
  const metrics = { epoch: 1, seconds: 2, nodes, edges: [edge, null] };
  const { nodes: wireNodes, edges } = wireEpoch(metrics);
  assert.deepEqual([wireNodes[0]!.trainLoss, wireNodes[1]!.loss], [null, null]);
  assert.deepEqual(edges[1], null);
  const { rawLoss, gatedLoss, tt, tf, ft, ff } = edges[0]!;
  assert.deepEqual([rawLoss, gatedLoss, tt, tf, ft, ff], [1.5, null, 1, 2, 3, 4]);
  assert.equal('bothRight' in edges[0]!, false);
});
