import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stream } from '../../core/base/random.ts';
import { graphAt, paperSpace } from '../../core/graph/space.ts';
import { picksOf, propose } from '../../core/search/tpe.ts';
import type { Observation } from '../../core/search/tpe.ts';

const space = paperSpace(3);
/** Distance from a hidden best graph: how many choices agree. */
const hidden = propose(space, [], stream('hidden'));
const agreement = (picks: readonly number[]): number =>
  picks.filter((pick, at) => pick === hidden[at]).length / picks.length;

/** Mean agreement of the last 30 of 120 trials. */
function search(seed: number, learn: boolean): number {
  const seen: Observation[] = [];
  for (let trial = 0; trial < 120; trial++) {
    const picks = propose(space, learn ? seen : [], stream(seed, trial));
    seen.push({ picks, epoch: 8, accuracy: agreement(picks) });
  }
  return seen.slice(-30).reduce((sum, each) => sum + each.accuracy, 0) / 30;
}

void describe('TPE', () => {
  void test('picks and graphs are each other’s inverse', () => {
    for (let trial = 0; trial < 50; trial++) {
      const picks = propose(space, [], stream('inverse', trial));
      assert.deepEqual(picksOf(space, graphAt(space, picks)), picks);
    }
  });

  void test('learns from what it has seen: much nearer to the best than random drawing', () => {
    for (const seed of [1, 2, 3]) {
      const random = search(seed, false);
      const learnt = search(seed, true);
      assert.ok(learnt > random + 0.15, `${learnt} after learning, ${random} at random`);
    }
  });

  void test('who came farther is better, whatever its accuracy then', () => {
    const [far, near] = [0, 1].map((choice) => hidden.map((pick, at) => (at === 3 ? choice : pick)));
    const seen = Array.from({ length: 40 }, (_, index): Observation =>
      index < 4 ? { picks: far!, epoch: 16, accuracy: 0.2 } : { picks: near!, epoch: 1, accuracy: 0.9 },
    );
    const picks = Array.from({ length: 20 }, (_, trial) => propose(space, seen, stream('far', trial))[3]);
    assert.ok(picks.filter((pick) => pick === 0).length >= 18, picks.join(' '));
  });

  void test('the same past and the same stream give the same proposal', () => {
    const seen = Array.from({ length: 20 }, (_, trial): Observation => ({
      picks: propose(space, [], stream('past', trial)),
      epoch: trial % 4,
      accuracy: 0.5,
    }));
    assert.deepEqual(propose(space, seen, stream('now')), propose(space, seen, stream('now')));
  });
});
