import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stream } from '../../core/base/random.ts';
import { planFrom } from '../../core/commands/plan.ts';
import { graphKey } from '../../core/graph/canonical.ts';
import { withLock } from '../../core/graph/lock.ts';
import { picksOf } from '../../core/graph/picks.ts';
import { acceptedSize, spaceSize } from '../../core/graph/space-size.ts';
import {
  dimensions,
  graphAt,
  judgeDraw,
  paperSpace,
  parseSpace,
  sample,
  withGates,
  withLists,
  withListsBetween,
} from '../../core/graph/space.ts';
import type { SearchSpace } from '../../core/graph/space.ts';
import { fromText, toText } from '../../core/graph/text.ts';
import { resized } from '../../renderer/features/space/locks.ts';

const plain = paperSpace(2, 'resnet8', ['resnet8']);
const withTemperatures = (space: SearchSpace, temperatures: number[]): SearchSpace =>
  withListsBetween(space, { temperatures });
const soft = withTemperatures(plain, [1, 2, 4]);

void describe('searched temperatures', () => {
  void test('edges between networks have them, label edges do not', () => {
    assert.deepEqual(
      dimensions(soft).flatMap((each) => (each.kind === 'temperature' ? [each] : [])),
      [
        { kind: 'temperature', source: 2, destination: 1, choices: ['1', '2', '4'] },
        { kind: 'temperature', source: 1, destination: 2, choices: ['1', '2', '4'] },
      ],
    );
    const label = { ...soft.edges[0]!, temperatures: [1, 2] };
    assert.throws(() => parseSpace({ ...soft, edges: [label] }), {
      code: 'space.label-temperature',
    });
    for (const temperatures of [[0], [1, 1], [], ['2'], [2000]])
      assert.throws(() => withTemperatures(plain, temperatures as number[]), /space|temperature/);
  });

  void test('1 alone is the space of before, and another one alone is a lock', () => {
    assert.deepEqual(withTemperatures(soft, [1]), plain);
    const locked = withLists(plain, 2, 1, { temperatures: [2] });
    assert.equal(dimensions(locked).length, dimensions(plain).length);
    assert.equal(toText(graphAt(locked, [0, 0, 0, 0, 0, 0])), 'resnet8=TT@2,resnet8=TT');
  });

  void test('choices and graphs are each other’s inverse, but for closed edges', () => {
    const random = stream('temperatures');
    for (let draw = 0; draw < 100; draw++) {
      const { graph } = sample(soft, random);
      const picks = picksOf(soft, graph);
      assert.deepEqual(graphAt(soft, picks), graph);
      assert.ok(picks.every((pick) => pick === null || pick >= 0));
    }
    assert.deepEqual(picksOf(soft, fromText('resnet8=TT@3,resnet8=TX')).slice(-2), [-1, null]);
  });

  void test('the accepted size counts each graph once', () => {
    const small = withGates(withGates(soft, 0, 1, ['through', 'cutoff']), 0, 2, ['linear']);
    const space = { ...small, frozen: false };
    const found = new Set<string>();
    const walk = (picks: number[]): void => {
      const next = dimensions(space)[picks.length];
      if (next) for (let pick = 0; pick < next.choices.length; pick++) walk([...picks, pick]);
      else {
        const { graph, rejected } = judgeDraw(space, graphAt(space, picks));
        if (rejected === undefined) found.add(graphKey(graph));
      }
    };
    walk([]);
    assert.equal(acceptedSize(space), BigInt(found.size));
    assert.equal(spaceSize(space), 2n * 4n * 4n * 9n);
  });

  void test('locks, the command line and another number of nodes', () => {
    assert.deepEqual(withLock(plain, '2-1@1+2.5').edges[1]!.temperatures, [1, 2.5]);
    assert.throws(() => withLock(plain, '2@2'), { code: 'space.bad-lock' });
    assert.throws(() => withLock(plain, '0-1@2'), { code: 'space.label-temperature' });
    assert.throws(() => withLock(plain, '2-1@hot'), /temperature/);
    const { space } = planFrom({ nodes: '3', temperatures: '1,2' });
    assert.equal(dimensions(space).filter(({ kind }) => kind === 'temperature').length, 6);
    assert.throws(() => planFrom({ temperatures: 'hot' }), /temperature/);
    assert.deepEqual(resized(soft, 3).edges[1]!.temperatures, [1, 2, 4]);
    assert.deepEqual(resized(resized(soft, 3), 2), soft);
  });
});
