import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stream } from '../../../core/base/random.ts';
import { picksOf } from '../../../core/graph/picks.ts';
import { dimensions, graphAt, paperSpace } from '../../../core/graph/space.ts';
import type { Picks } from '../../../core/graph/space.ts';
import type { KnownTrial, Question } from '../../../core/search/samplers/_base.ts';
import { rungOf, split, tpe } from '../../../core/search/samplers/tpe.ts';

const space = paperSpace(3);
const sizes = dimensions(space).map(({ choices }) => choices.length);
const propose = (
  known: readonly KnownTrial[],
  random = stream('tpe'),
  accepts: Question['accepts'] = () => true,
): number[] =>
  tpe.propose({ sizes, known, prior: null, random, accepts, settled: (picks) => picks });

/** Distance from a hidden best graph: how many choices agree. */
const hidden = propose([], stream('hidden'));
const agreement = (picks: Picks): number =>
  picks.filter((pick, at) => pick === hidden[at]).length / picks.length;
const known = (picks: Picks, ...values: [number, number][]): KnownTrial => ({
  picks,
  values: new Map(values),
});

/** Mean agreement of the last 30 of 120 trials, `open` of them always under way. */
function search(seed: number, open: number): number {
  const trials: KnownTrial[] = [];
  const seen = new Set<string>();
  for (let number = 0; number < 120; number++) {
    const past = trials.map((trial, at) => (number - at <= open ? known(trial.picks) : trial));
    const picks = propose(past, stream(seed, number), (each) => !seen.has(each.join()));
    assert.ok(!seen.has(picks.join()), 'no setting is proposed twice');
    seen.add(picks.join());
    trials.push(known(picks, [8, agreement(picks)]));
  }
  return trials.slice(-30).reduce((sum, { picks }) => sum + agreement(picks), 0) / 30;
}

void describe('TPE', () => {
  void test('picks and graphs are each other’s inverse', () => {
    for (let trial = 0; trial < 50; trial++) {
      const picks = propose([], stream('inverse', trial));
      assert.deepEqual(picksOf(space, graphAt(space, picks)), picks);
    }
  });

  void test('learns from what it has seen, with one trial under way and with 30', () => {
    const mean = (1 / 4) * 9 + (1 / 3) * 2 + 1;
    const random = mean / sizes.length;
    for (const seed of [1, 2, 3]) {
      assert.ok(search(seed, 0) > random + 0.15);
      assert.ok(search(seed, 30) > random + 0.15);
    }
  });

  void test('good and bad are taken at the highest rung with 20 values', () => {
    const trials = Array.from({ length: 60 }, (_, at) =>
      known([at], [1, 1 - at / 100], ...(at % 2 === 0 ? [[2, at / 100] as [number, number]] : [])),
    );
    assert.equal(rungOf(trials), 2);
    assert.deepEqual(split(trials).good, [[58], [56], [54]]);
    assert.equal(split(trials).bad.length, 57);
    const few = trials.map(({ picks, values }, at) => (at < 38 ? { picks, values } : known(picks)));
    assert.equal(rungOf(few), 1);
    assert.deepEqual(split(few).good, [[36], [1]], 'the best at rung 2 has the place of trial 0');
  });

  void test('values at higher rungs decide among the trials that have them', () => {
    const trials = Array.from({ length: 40 }, (_, at) => known([at], [1, 1 - at / 100]));
    assert.deepEqual(split(trials).good, [[0], [1]]);
    // The second to fourth went on: the last of them is the best, the first trial was stopped.
    const further = [0.2, 0.3, 0.9].map((value, at) =>
      known([at + 1], [1, 1 - (at + 1) / 100], [2, value]),
    );
    const later = [trials[0]!, ...further, ...trials.slice(4)];
    assert.equal(rungOf(later), 1);
    assert.deepEqual(split(later).good, [[0], [3]]);
    const last = later.with(1, known([1], [1, 0.99], [2, 0.2], [4, 1]));
    assert.deepEqual(split(last).good, [[0], [3]], 'a value that no other has says nothing');
    const two = last.with(2, known([2], [1, 0.98], [2, 0.3], [4, 0.1]));
    assert.deepEqual(split(two.slice(1)).good, [[3], [1]]);
  });

  void test('before any rung has 20 values the fullest counts, the higher of equal ones', () => {
    assert.equal(rungOf([known([0], [1, 0.5]), known([1], [1, 0.4], [2, 0.5])]), 1);
    assert.equal(rungOf([known([0], [1, 0.5], [2, 0.5])]), 2);
    assert.equal(rungOf([known([0])]), 0);
  });

  void test('trials under way and stopped ones that did not reach the rung are bad', () => {
    const reached = Array.from({ length: 20 }, (_, at) => known([at], [1, 0.5], [4, at / 20]));
    const stopped = known([20], [1, 0.1]);
    const running = known([21]);
    const { good, bad } = split([stopped, running, ...reached]);
    assert.deepEqual(good, [[19], [18]]);
    assert.deepEqual(bad.slice(0, 2), [[20], [21]]);
    assert.equal(bad.length, 20);
  });

  void test('slots that work at the same time try different graphs', () => {
    const past = Array.from({ length: 40 }, (_, at) =>
      known(propose([], stream('past', at)), [8, at / 40]),
    );
    const running: KnownTrial[] = [];
    const distances: number[] = [];
    for (let slot = 0; slot < 12; slot++) {
      const picks = propose([...past, ...running], stream('slot'));
      for (const other of running)
        distances.push(picks.filter((pick, at) => pick !== other.picks[at]).length);
      running.push(known(picks));
    }
    // The same stream without the others under way gives the same graph twelve times.
    assert.deepEqual(propose(past, stream('slot')), running[0]!.picks);
    assert.ok(new Set(running.map(({ picks }) => picks.join())).size >= 6, distances.join(' '));
  });

  void test('only what is accepted is proposed while there is some', () => {
    const past = Array.from({ length: 40 }, (_, at) =>
      known(propose([], stream('past', at)), [8, at / 40]),
    );
    for (let draw = 0; draw < 20; draw++) {
      const picks = propose(past, stream('draw', draw), (each) => each[3] !== 0 && each[4] !== 1);
      assert.ok(picks[3] !== 0 && picks[4] !== 1);
    }
  });

  void test('trials without any value, of equal values and with choices of another space do no harm', () => {
    const draws = (past: KnownTrial[]) =>
      Array.from({ length: 5 }, (_, draw) => propose(past, stream('odd', draw)));
    const trials = Array.from({ length: 25 }, (_, at) => propose([], stream('past', at)));
    for (const picks of [
      ...draws(trials.map((each) => known(each))),
      ...draws(trials.map((each) => known(each, [1, 0.5]))),
      ...draws(
        trials.map((each) =>
          known(
            each.map(() => -1),
            [1, 0.5],
          ),
        ),
      ),
    ])
      assert.ok(
        picks.every((pick, at) => Number.isInteger(pick) && pick >= 0 && pick < sizes[at]!),
      );
  });

  void test('learns kinds and temperatures where they mean something', () => {
    // Open gates are good with kind 1, which has no temperature; a Cutoff has neither.
    const parts = [2, 2, 3, 4, 4];
    const settled = ([gate, kind, temperature, ...rest]: readonly number[]) => [
      gate!,
      gate === 0 ? null : kind!,
      gate === 0 || kind === 1 ? null : temperature!,
      ...rest,
    ];
    const value = (picks: readonly (number | null)[]): number =>
      (picks[0] === 1 ? 0.2 : 0) + (picks[1] === 1 ? 0.4 : 0) + (picks[3] === 2 ? 0.2 : 0);
    const trials: KnownTrial[] = [];
    const accepts = (picks: readonly number[]): boolean => !seen.has(settled(picks).join());
    const seen = new Set<string>();
    for (let number = 0; number < 60; number++) {
      const asked = { sizes: parts, known: trials, prior: null, accepts, settled };
      const draw = (at: number) =>
        settled(tpe.propose({ ...asked, random: stream('parts', number, at) }));
      let picks = draw(0);
      // The random start may draw a graph twice, and few are left near the good ones at the end.
      for (let at = 1; seen.has(picks.join()); at++) picks = draw(at);
      seen.add(picks.join());
      trials.push(known(picks, [8, value(picks)]));
    }
    // The best is one of four: gate 1, kind 1, 2 at dimension 3. It is found, and what is near it.
    const found = trials.map(({ picks }) => value(picks));
    assert.equal(found.filter((each) => each > 0.75).length, 4, found.join(' '));
    const mean = (some: number[]): number =>
      some.reduce((sum, each) => sum + each, 0) / some.length;
    assert.ok(mean(found.slice(10, 30)) > mean(found.slice(0, 10)) + 0.1, found.join(' '));
  });

  void test('a choice without meaning in a trial says nothing about it', () => {
    // All trials are alike but for dimension 1, which has no meaning in the good ones.
    const trials = Array.from({ length: 60 }, (_, at) =>
      at % 3 === 0 ? known([0, null], [8, 0.9]) : known([0, at % 2], [8, 0.1]),
    );
    const counts = [0, 0];
    for (let draw = 0; draw < 200; draw++) {
      const [, pick] = tpe.propose({
        ...{ sizes: [1, 2], known: trials, prior: null, random: stream('free', draw) },
        ...{ accepts: () => true, settled: (picks) => picks },
      });
      counts[pick!]!++;
    }
    assert.ok(Math.min(...counts) > 60, counts.join(' '));
  });

  void test('the same past and the same stream give the same proposal', () => {
    const past = Array.from({ length: 20 }, (_, at) =>
      known(propose([], stream('past', at)), [1 + (at % 4), 0.5]),
    );
    assert.deepEqual(propose(past, stream('now')), propose(past, stream('now')));
  });
});
