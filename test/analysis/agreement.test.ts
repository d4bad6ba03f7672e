import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { type Agreement, type Pair, agreementOf } from '../../core/analysis/agreement.ts';
import { equivalenceOf } from '../../core/analysis/equivalence.ts';
import { pairedTest } from '../../core/analysis/statistics.ts';

const MARGIN = 0.01;

/** Pairs by the steps from expected to found; null for no result. */
const pairs = (variant: string, by: readonly (number | null)[], mustEqual = false): Pair[] =>
  by.map((step, seed) => {
    const expected = 0.7 + seed / 100;
    const found = step === null ? null : expected + step;
    const parting = found === null || step === 0 ? null : { epoch: 3, expected, found };
    return { variant, seed, expected, found, parting, mustEqual: mustEqual && found !== null };
  });

const agreed = (...some: readonly Pair[][]): Agreement => agreementOf(some.flat(), MARGIN);

void describe('numbers that have to be the same', () => {
  void test('agree to the last bit, or the first that does not is named with both numbers', () => {
    const same = pairs('graph', [0, 0, 0], true);
    assert.equal(agreed(same).kind, 'identical');
    const { kind, broken } = agreed(same, pairs('dml', [0, 1e-6, 0.2], true));
    assert.equal(kind, 'different');
    assert.deepEqual([broken!.variant, broken!.seed], ['dml', 1]);
    assert.deepEqual([broken!.expected, broken!.found], [0.71, 0.71 + 1e-6]);
  });

  void test('differ where only an earlier epoch does', () => {
    const [first, ...rest] = pairs('graph', [0, 0], true);
    const parted = { ...first!, parting: { epoch: 2, expected: 0.1, found: 0.2 } };
    assert.equal(agreed([parted, ...rest]).broken!.parting!.epoch, 2);
    assert.equal(agreed([parted, ...rest]).kind, 'different');
  });

  void test('differ although another run has no result', () => {
    assert.equal(agreed(pairs('graph', [0.1, null], true)).kind, 'different');
  });
});

const parting = { epoch: 3, expected: 0.5, found: 0.6 };

void describe('numbers that may differ', () => {
  void test('agree where the equivalence test says so for every graph', () => {
    const close = [0.001, -0.002, 0.0015, -0.0005, 0.001];
    const both = agreed(pairs('graph', close), pairs('dml', close));
    assert.equal(both.kind, 'equivalent');
    assert.equal(both.margin, MARGIN);
    assert.equal(agreementOf(pairs('graph', close), 0.001).kind, 'undecided', 'a smaller margin');
    const one = agreed(pairs('graph', close), pairs('dml', [0.02, -0.02, 0.01, -0.01, 0]));
    assert.equal(one.kind, 'undecided');
    assert.deepEqual(
      one.graphs.map(({ verdict }) => verdict),
      ['equivalent', 'undecided'],
    );
  });

  void test('of two seeds ten and six points apart cannot be told to agree', () => {
    const { kind, graphs, strays } = agreed(pairs('graph', [0.1, 0.06]));
    assert.notEqual(kind, 'equivalent');
    assert.ok(['undecided', 'different'].includes(kind));
    // 11.55 standard deviations of the differences, which is 2.83 points.
    assert.equal((100 * graphs[0]!.detectable!).toFixed(1), '32.7');
    assert.ok(strays.length <= 2);
  });

  void test('a bundle with one changed seed differs in that seed, whatever the mean', () => {
    const changed = pairs('graph', [0.003, 0.001, -0.002, 0.002, 0]).map((pair) =>
      pair.seed === 4 ? { ...pair, expected: 0.05, parting: { ...parting, expected: 0.05 } } : pair,
    );
    const { kind, strays, graphs } = agreed(changed);
    assert.equal(kind, 'different');
    assert.deepEqual(
      strays.map(({ seed }) => seed),
      [4],
    );
    assert.ok(graphs[0]!.test!.p > 0.05, 'the mean alone does not tell');
  });

  void test('a seed differs beyond the spread of two runs, corrected over all seeds', () => {
    // Found: 70, 71 and 72 %, so s = 1 point with 2 degrees of freedom; p = 1 / 60 at t = 7.65.
    const by = (step: number): Pair[] =>
      [0.7, 0.71, 0.72].map((found, seed) => ({
        ...{ variant: 'graph', seed, expected: seed === 1 ? found - step : found, found },
        ...{ parting: seed === 1 ? parting : null, mustEqual: false },
      }));
    const bound = 7.6488 * Math.SQRT2 * 0.01;
    assert.equal(agreed(by(1.001 * bound)).strays.length, 1);
    assert.equal(agreed(by(0.999 * bound)).strays.length, 0);
  });

  void test('differ where a graph does, corrected over the graphs', () => {
    const apart = agreed(pairs('graph', [0, 0, 0]), pairs('dml', [0.03, 0.031, 0.029]));
    assert.equal(apart.kind, 'different');
    assert.deepEqual(
      apart.graphs.map(({ variant, verdict }) => [variant, verdict]),
      [
        ['graph', 'same'],
        ['dml', 'different'],
      ],
    );
    // p is 0.03 for each, and 0.06 after Holm's correction.
    const weak = [0.04, 0.012, 0.03];
    assert.equal(
      agreed(pairs('graph', [0.0, 0.0, 0.001]), pairs('dml', weak)).graphs[1]!.verdict,
      'undecided',
    );
  });

  void test('a significant difference within the margin still agrees', () => {
    const { kind, graphs } = agreed(pairs('graph', [0.002, 0.0021, 0.0019, 0.002, 0.0022]));
    assert.ok(graphs[0]!.test!.p < 0.001);
    assert.equal(kind, 'equivalent');
  });

  void test('of one seed, or of equal differences, tell no spread: only the obvious differs', () => {
    assert.equal(agreed(pairs('graph', [0.02])).kind, 'undecided');
    assert.equal(agreed(pairs('graph', [-0.2])).kind, 'different');
    assert.equal(agreed(pairs('graph', [0.02])).graphs[0]!.detectable, null);
    const by = (step: number): Pair[] =>
      [0.5, 0.75].map((expected, seed) => ({
        ...{ variant: 'graph', seed, expected, found: expected + step, mustEqual: false },
        parting: { epoch: 1, expected, found: expected + step },
      }));
    assert.equal(agreed(by(1 / 128)).kind, 'undecided', 'one image of 128');
    assert.equal(agreed(by(1 / 4)).kind, 'different');
  });

  void test('without a result are no agreement', () => {
    assert.equal(agreed(pairs('graph', [0, null])).kind, 'incomplete');
    assert.equal(agreed([]).kind, 'incomplete');
  });
});

interface Fixture {
  equivalence: { a: number[]; b: number[]; margin: number; p: number; low: number; high: number }[];
}

void test('the equivalence test equals two one-sided tests of scipy', () => {
  const file = new URL('../fixtures/analysis/planning.json', import.meta.url);
  const { equivalence } = JSON.parse(readFileSync(file, 'utf8')) as Fixture;
  assert.ok(equivalence.length >= 8);
  for (const { a, b, margin, ...expected } of equivalence) {
    const found = equivalenceOf(pairedTest(a, b)!, margin)!;
    for (const key of ['p', 'low', 'high'] as const)
      assert.ok(Math.abs(found[key] - expected[key]) < 1e-9, `${key}: ${found[key]}`);
  }
});
