import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromText } from '../../core/graph/text.ts';
import { edgeInputs, placesOf } from '../../core/train/edges.ts';

const graph = fromText('resnet8=TLC,resnet8=CX@3T@2,resnet8=LTX');

describe('edges as data of a step', () => {
  test('a row per destination, the label first, the diagonal and cut edges empty', () => {
    const { weight, onlyCorrect, temperature } = edgeInputs(graph, [1, 2, 3], 0.25);
    // columns: label, node 1, node 2, node 3
    assert.deepEqual([...weight], [1, 0, 0.25, 1, 1, 0, 0, 1, 0.25, 1, 0, 0]);
    assert.deepEqual([...onlyCorrect], [0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
    assert.deepEqual([...temperature], [1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1]);
  });

  test('edges keep their values in another order of the nodes', () => {
    const [plain, turned] = [
      [1, 2, 3],
      [3, 1, 2],
    ];
    const [a, b] = [edgeInputs(graph, plain, 0.5), edgeInputs(graph, turned, 0.5)];
    for (const destination of [1, 2, 3])
      for (const source of [0, 1, 2, 3].filter((node) => node !== destination))
        for (const key of ['weight', 'onlyCorrect', 'temperature'] as const)
          assert.equal(
            b[key][placesOf(graph, turned)(source, destination)],
            a[key][placesOf(graph, plain)(source, destination)],
            `${key} of ${source} -> ${destination}`,
          );
  });

  test('edges of omitted nodes are omitted', () => {
    const { weight } = edgeInputs(graph, [1, 3], 1);
    assert.deepEqual([...weight], [1, 0, 1, 1, 1, 0]);
  });

  test('Linear grows from 1 / c_end to 1', () => {
    const at = (progress: number): number => edgeInputs(graph, [1, 2, 3], progress).weight[2]!;
    assert.deepEqual([at(0), at(0.5), at(1)], [0, 0.5, 1]);
  });
});
