import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { stream } from '../../../core/base/random.ts';
import type { RandomStream } from '../../../core/base/random.ts';
import { graphAt, paperSpace } from '../../../core/graph/space.ts';
import type { SearchSpace } from '../../../core/graph/space.ts';
import { Past, picksOf } from '../../../core/search/samplers/past.ts';
import type { Observation } from '../../../core/search/samplers/past.ts';
import { tpe } from '../../../core/search/samplers/tpe.ts';

const space = paperSpace(3);
const propose = (of: SearchSpace, past: Past, random: RandomStream) =>
  tpe.propose({ space: of, past, random });
/** Distance from a hidden best graph: how many choices agree. */
const hidden = propose(space, new Past(), stream('hidden'));
const agreement = (picks: readonly number[]): number =>
  picks.filter((pick, at) => pick === hidden[at]).length / picks.length;

/** Mean agreement of the last 30 of 120 trials. */
function search(seed: number, learn: boolean): number {
  const seen = new Past();
  let late = 0;
  for (let trial = 0; trial < 120; trial++) {
    const picks = propose(space, learn ? seen : new Past(), stream(seed, trial));
    seen.add({ picks, epoch: 8, accuracy: agreement(picks) });
    if (trial >= 90) late += agreement(picks);
  }
  return late / 30;
}

void describe('TPE', () => {
  void test('picks and graphs are each other’s inverse', () => {
    for (let trial = 0; trial < 50; trial++) {
      const picks = propose(space, new Past(), stream('inverse', trial));
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
    const picks = Array.from(
      { length: 20 },
      (_, trial) => propose(space, new Past(seen), stream('far', trial))[3],
    );
    assert.ok(picks.filter((pick) => pick === 0).length >= 18, picks.join(' '));
  });

  void test('what is kept of the past is what all of it together says', () => {
    const observation = fc.record({
      picks: fc.tuple(fc.nat(2), fc.nat(3)),
      epoch: fc.integer({ min: 1, max: 4 }),
      accuracy: fc.constantFrom(0.1, 0.2, 0.3),
    });
    fc.assert(
      fc.property(fc.array(observation, { maxLength: 400, size: 'max' }), (seen) => {
        const past = new Past(seen);
        const ranked = seen.toSorted((a, b) => b.epoch - a.epoch || b.accuracy - a.accuracy);
        assert.deepEqual(past.good, ranked.slice(0, Math.min(25, Math.ceil(seen.length / 10))));
        for (const choice of [0, 1, 2, 3])
          assert.equal(past.count(1, choice), seen.filter(({ picks }) => picks[1] === choice).length);
      }),
    );
  });

  void test('the same past and the same stream give the same proposal', () => {
    const seen = Array.from({ length: 20 }, (_, trial): Observation => ({
      picks: propose(space, new Past(), stream('past', trial)),
      epoch: trial % 4,
      accuracy: 0.5,
    }));
    assert.deepEqual(
      propose(space, new Past(seen), stream('now')),
      propose(space, new Past(seen), stream('now')),
    );
  });
});
