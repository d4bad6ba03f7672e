import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gateNames } from '../../../../core/gates/gates.ts';
import { paperSpace } from '../../../../core/graph/space.ts';
import { withSpaceEnsemble } from '../../../../core/graph/space.ts';
import {
  edgeGroups,
  groupTitle,
  partsOfGroup,
  withGroup,
  withGroupParts,
} from '../../../../renderer/features/space/bulk.ts';
import { locksOf } from '../../../../renderer/features/space/locks.ts';

const space = paperSpace(3);

test('a group of edges is locked, and opened again, at once', () => {
  const labels = withGroup(space, 'label', ['through']);
  assert.deepEqual([...locksOf(labels)], ['0-1', '0-2', '0-3']);
  const both = withGroup(labels, 'into 2', ['correct']);
  assert.deepEqual([...locksOf(both)].sort(), ['0-1', '0-2', '0-3', '1-2', '3-2']);
  assert.equal(locksOf(withGroup(both, 'all', gateNames)).size, 0);
  assert.equal(locksOf(withGroup(space, 'networks', ['linear'])).size, 6);
});

test('groups are named; one network has no others', () => {
  assert.deepEqual(edgeGroups(2).map(groupTitle), [
    'All edges',
    'All Label edges',
    'Between networks',
    'All edges into 1',
    'All edges into 2',
  ]);
  assert.deepEqual(edgeGroups(1), ['all', 'label']);
});

test('kinds, weights and temperatures of a group go to the edges that can have them', () => {
  const voting = withSpaceEnsemble(space, { combine: 'logits' });
  const lists = {
    kinds: ['kl', 'attention'] as const,
    weights: [0.5, 1],
    temperatures: [1, 4],
  };
  const all = withGroupParts(voting, 'all', lists);
  for (const { source, kinds, weights, temperatures } of all.edges) {
    assert.deepEqual(weights, [0.5, 1]);
    assert.deepEqual(temperatures, source === 0 ? undefined : [1, 4]);
    // An ensemble has no stages to compare; KL alone is not listed.
    assert.deepEqual(kinds, source === 0 || source === 4 ? undefined : lists.kinds);
  }
  assert.deepEqual(partsOfGroup(all, 'into 2'), lists);
  assert.deepEqual(partsOfGroup(all, 'label'), { weights: [0.5, 1] });
  assert.deepEqual(partsOfGroup(space, 'all'), {});
  const some = withGroupParts(all, 'into 1', { weights: [1] });
  assert.equal(some.edges.filter(({ weights }) => weights === undefined).length, 4);
});
