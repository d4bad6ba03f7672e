import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ablatedEdge, ablationsOf, skippedText } from '../../core/graph/ablate.ts';
import { graphKey } from '../../core/graph/canonical.ts';
import { edgeOf } from '../../core/graph/graph.ts';
import { fromText } from '../../core/graph/text.ts';

test('every open edge is removed once; a change that freezes the target is skipped', () => {
  const { variants, skipped } = ablationsOf(fromText('resnet8=TC,wrn-10-1=TL'), 'edges');
  assert.deepEqual(
    variants.map(({ name }) => name),
    ['cutoff 0-1', 'cutoff 2-1', 'cutoff 0-2', 'cutoff 1-2'],
  );
  assert.deepEqual(skipped, []);
  for (const { name, graph, key } of variants) {
    const { source, destination } = ablatedEdge(name)!;
    assert.equal(edgeOf(graph, source, destination).gate, 'cutoff');
    assert.equal(key, graphKey(graph));
  }
  const alone = ablationsOf(fromText('resnet8=TX,wrn-10-1=TL'), 'edges');
  assert.deepEqual(alone.skipped[0], { name: 'cutoff 0-1', reason: 'target-frozen', as: null });
});

test('canonical duplicates are trained once, and say of which variant they are', () => {
  const graph = fromText('resnet8=TTT,resnet8=TTX,resnet8=TTX');
  const { variants, skipped } = ablationsOf(graph, 'edges');
  const keys = [graphKey(graph), ...variants.map(({ key }) => key)];
  assert.equal(new Set(keys).size, keys.length);
  const twin = skipped.find(({ name }) => name === 'cutoff 3-1')!;
  assert.deepEqual([twin.reason, twin.as], ['same', 'cutoff 2-1']);
});

test('a change into a node without a path to the target cannot matter', () => {
  // Node 3 teaches nobody; node 2 teaches the target.
  const graph = fromText('resnet8=TTX,wrn-10-1=TXX,resnet8=TTT');
  const { variants, skipped } = ablationsOf(graph, 'edges');
  assert.deepEqual(
    variants.map(({ name }) => name),
    ['cutoff 0-1', 'cutoff 2-1', 'cutoff 0-2'],
  );
  const names = ['cutoff 0-3', 'cutoff 1-3', 'cutoff 2-3'] as const;
  assert.deepEqual(
    skipped,
    names.map((name) => ({ name, reason: 'no-path', as: null })),
  );
  assert.equal(
    skippedText(skipped[0]!, (name) => name),
    'cannot matter, because no path of open edges leads from node 3 to the node whose accuracy counts',
  );
  const { variants: gates } = ablationsOf(graph, 'gates');
  assert.ok(
    gates.some(({ name }) => name === 'through 3-1'),
    'it opens a path of node 3',
  );
  assert.ok(gates.every(({ name }) => ablatedEdge(name)!.destination !== 3));
});

test('votes are paths to an ensemble whose accuracy counts', () => {
  const changes = (ensemble: string) =>
    ablationsOf(fromText(`resnet8=TXX,wrn-10-1=TXX,ensemble=${ensemble}`), 'edges');
  assert.deepEqual(changes('logits.objective').skipped, []);
  assert.deepEqual(
    changes('logits').skipped.map(({ name, reason }) => [name, reason]),
    [
      ['cutoff 0-1', 'target-frozen'],
      ['cutoff 0-2', 'no-path'],
    ],
  );
});

test('with gates every edge has each other gate; Correct on a label edge is Through', () => {
  const { variants, skipped } = ablationsOf(fromText('resnet8=TC,wrn-10-1=TL'), 'gates');
  assert.equal(variants.length + skipped.length, 4 * 3);
  assert.deepEqual(
    skipped.filter(({ as }) => as === 'graph').map(({ name }) => name),
    ['correct 0-1', 'correct 0-2'],
  );
  assert.deepEqual(
    variants.map(({ name }) => name).filter((name) => name.endsWith('2-1')),
    ['through 2-1', 'cutoff 2-1', 'linear 2-1'],
  );
  const wider = ablationsOf(fromText('resnet8=TC,wrn-10-1=TL'), 'gates', ['linear', 'half-cosine']);
  assert.equal(wider.variants.length + wider.skipped.length, 4 * 4);
  assert.ok(wider.variants.some(({ name }) => name === 'half-cosine 2-1'));
  assert.ok(wider.variants.every(({ name }) => !name.startsWith('negative')));
  assert.equal(ablatedEdge('graph'), null);
  assert.equal(ablatedEdge('between 2-1'), null);
});
