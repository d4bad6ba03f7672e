import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gateNames } from '../../../../core/gates/gates.ts';
import { paperSpace } from '../../../../core/graph/space.ts';
import { edgeGroups, groupTitle, withGroup } from '../../../../renderer/features/space/bulk.ts';
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
