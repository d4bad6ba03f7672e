import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Graph } from '../../../../core/graph/graph.ts';
import { fromText } from '../../../../core/graph/text.ts';
import {
  apart,
  differences,
  hasEqualLabelGates,
} from '../../../../renderer/views/compare/differences.ts';

const keys = (graphs: readonly Graph[]): string[] => differences(graphs).map(({ key }) => key);
const marks = (texts: readonly string[], reference: number | null): string[][] =>
  apart(texts.map(fromText), reference).map((found) => [...found]);

test('edges differ by gate and temperature, nodes by their networks', () => {
  const graphs = [
    'resnet32=TT,resnet110=TC',
    'resnet32=TT@2,resnet110=TC',
    'resnet32=TT,wrn-28-2=XC',
  ].map(fromText);
  assert.deepEqual(keys(graphs), ['2', '2-1', '0-2']);
  assert.deepEqual(keys(graphs.slice(0, 1)), []);
});

test('edges differ by their kind and weight too', () => {
  const [repelled, weighted] = ['resnet32=TT.r,resnet110=TC', 'resnet32=TT_0.5,resnet110=TC'].map(
    (text) => differences(['resnet32=TT,resnet110=TC', text].map(fromText)),
  );
  assert.deepEqual(
    [...repelled!, ...weighted!].map(({ key, values }) => [key, values[1]?.text]),
    [
      ['2-1', 'Through, Repel'],
      ['2-1', 'Through, × 0.5'],
    ],
  );
});

test('of graphs of different sizes the shared edges are compared', () => {
  assert.deepEqual(keys([fromText('resnet32=T'), fromText('resnet32=LT,resnet32=TT')]), [
    '2',
    '0-1',
  ]);
});

test('Correct is Through on the label’s edges: the label is always right', () => {
  const graphs = ['resnet32=TT,resnet110=TC', 'resnet32=CT,resnet110=CC'].map(fromText);
  assert.deepEqual(keys(graphs), []);
  assert.ok(hasEqualLabelGates(graphs));
  assert.ok(!hasEqualLabelGates(graphs.slice(0, 1)));
  assert.deepEqual(keys([...graphs, fromText('resnet32=LT,resnet110=TC')]), ['0-1']);
});

test('as rows of a table: networks, then edges by destination, with the entry of each graph', () => {
  const graphs = ['resnet32=TT,resnet110=TC', 'resnet32=TX@2,wrn-28-2=LC', 'resnet32=T'].map(
    fromText,
  );
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
  const [warm] = differences(
    ['resnet32=TT,resnet110=TC', 'resnet32=TT@2,resnet110=TC'].map(fromText),
  );
  assert.deepEqual(warm!.values, [
    { text: 'Through', gate: 'through' },
    { text: 'Through, τ = 2', gate: 'through' },
  ]);
});

test('a graph is marked where it differs from most graphs; of two different ones both are', () => {
  assert.deepEqual(
    marks(['resnet8=TT,resnet8=TT', 'resnet8=TT,resnet8=TT', 'resnet8=TL,resnet14=TT'], null),
    [[], [], ['2', '2-1']],
  );
  assert.deepEqual(marks(['resnet8=TT,resnet8=TT', 'resnet8=TL,resnet8=TT'], null), [
    ['2-1'],
    ['2-1'],
  ]);
  assert.deepEqual(
    marks(['resnet8=CT,resnet8=TT', 'resnet8=TT,resnet8=TT', 'resnet8=LT,resnet8=TT'], null),
    [[], [], ['0-1']],
  );
});

test('or where it differs from a chosen one; a part of only one graph is marked there', () => {
  const texts = ['resnet8=TL,resnet14=TT', 'resnet8=TT,resnet8=TT', 'resnet8=T'];
  assert.deepEqual(marks(texts, 0), [[], ['2', '2-1'], []]);
  assert.deepEqual(marks(texts, 1), [['2', '2-1'], [], []]);
  assert.deepEqual(marks(texts, 2), [['2', '2-1'], ['2', '2-1'], []]);
});
