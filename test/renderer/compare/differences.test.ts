import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromText } from '../../../core/graph/text.ts';
import { differences, differingEdges, differingNodes } from '../../../renderer/compare/differences.ts';

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

test('Correct is Through on the label’s edges: the label is always right', () => {
  const graphs = ['resnet32=TT,resnet110=TC', 'resnet32=CT,resnet110=CC'].map(fromText);
  assert.equal(differingEdges(graphs).size, 0);
  assert.deepEqual([...differingEdges([...graphs, fromText('resnet32=LT,resnet110=TC')])], ['0-1']);
});

test('as rows of a table: networks, then edges by destination, with what each graph has there', () => {
  const graphs = ['resnet32=TT,resnet110=TC', 'resnet32=TX@2,wrn-28-2=LC', 'resnet32=T'].map(fromText);
  assert.deepEqual(
    differences(graphs).map(({ key, title, values }) => [
      key,
      title,
      values.map((value) => value?.text ?? null),
    ]),
    [
      ['2', 'Network of node 2', ['ResNet110', 'WRN-28-2', null]],
      ['2-1', '2 → 1', ['Through', 'Cutoff', null]],
      ['0-2', 'Label → 2', ['Through', 'Linear', null]],
    ],
  );
  const [warm] = differences(['resnet32=TT,resnet110=TC', 'resnet32=TT@2,resnet110=TC'].map(fromText));
  assert.deepEqual(warm!.values, [
    { text: 'Through', gate: 'through' },
    { text: 'Through, T = 2', gate: 'through' },
  ]);
});
