import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromText } from '../../../core/graph/text.ts';
import { differingEdges, differingNodes } from '../../../renderer/compare/differences.ts';

test('edges differ by gate and temperature, nodes by their networks', () => {
  const graphs = ['resnet32=TT,resnet110=TC', 'resnet32=TT@2,resnet110=TC', 'resnet32=TT,wrn-28-2=XC'].map(
    fromText,
  );
  assert.deepEqual([...differingEdges(graphs)].sort(), ['0-2', '2-1']);
  assert.deepEqual(differingNodes(graphs), [2]);
  assert.equal(differingEdges(graphs.slice(0, 1)).size, 0);
});

test('of graphs of different sizes the shared edges are compared', () => {
  const graphs = [fromText('resnet32=T'), fromText('resnet32=LT,resnet32=TT')];
  assert.deepEqual([...differingEdges(graphs)], ['0-1']);
  assert.deepEqual(differingNodes(graphs), [2]);
});
