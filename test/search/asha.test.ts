import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { judge, ladder, rule, standingAmong } from '../../core/search/asha.ts';
import type { Ladder, Ruling } from '../../core/search/asha.ts';

/** Reports a value to a board of rungs, recording what the rule says. */
class Board {
  readonly recorded = new Map<number, number[]>();
  readonly filled = new Map<string, number>();
  readonly steps: Ladder;

  constructor(steps: Ladder) {
    this.steps = steps;
  }

  report(trial: string, epoch: number, value: number): Ruling {
    const filled = this.filled.get(trial) ?? 0;
    const ruling = rule(this.steps, filled, epoch, value, (rung) =>
      standingAmong(this.recorded.get(rung) ?? [], value),
    );
    for (const { rung } of ruling.verdicts)
      this.recorded.set(rung, [...(this.recorded.get(rung) ?? []), value]);
    this.filled.set(trial, filled + ruling.verdicts.length);
    return ruling;
  }
}

describe('rungs', () => {
  test('powers below the last epoch', () => {
    assert.deepEqual(ladder(200).rungs, [1, 2, 4, 8, 16, 32, 64, 128]);
    assert.deepEqual(ladder(128).rungs, [1, 2, 4, 8, 16, 32, 64], 'the last epoch is no rung');
    assert.deepEqual(ladder(200, 5, 3).rungs, [5, 15, 45, 135]);
    assert.deepEqual(ladder(1).rungs, []);
  });

  test('options that make no ladder are refused', () => {
    for (const [minimum, reduction] of [
      [0, 2],
      [1.5, 2],
      [NaN, 2],
      [1, 1],
      [1, 2.5],
      [1, NaN],
    ] as const) {
      assert.throws(() => ladder(200, minimum, reduction), RangeError);
    }
  });
});

describe('the rule', () => {
  test('continues iff 1 + better <= max(1, floor(n / reduction))', () => {
    const limits = (reduction: number) =>
      Array.from(
        { length: 9 },
        (_, index) => judge(1, { n: index + 1, better: 0 }, reduction).limit,
      );
    assert.deepEqual(limits(2), [1, 1, 1, 2, 2, 3, 3, 4, 4]);
    assert.deepEqual(limits(3), [1, 1, 1, 1, 1, 2, 2, 2, 3]);
    assert.equal(judge(4, { n: 14, better: 6 }, 2).decision, 'continue');
    assert.equal(judge(4, { n: 14, better: 7 }, 2).decision, 'stop');
  });

  test('the same as sorting all values and looking for the best half', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 6 })),
        fc.integer({ min: 0, max: 6 }),
        fc.integer({ min: 2, max: 4 }),
        (others, value, reduction) => {
          const sorted = [...others, value].sort((a, b) => b - a);
          const last = sorted[Math.max(1, Math.floor(sorted.length / reduction)) - 1]!;
          const { decision } = judge(1, standingAmong(others, value), reduction);
          assert.equal(decision, value >= last ? 'continue' : 'stop');
        },
      ),
    );
  });

  test('the best value so far always continues, ties with it too', () => {
    const board = new Board(ladder(200));
    for (const trial of 'abcdef') assert.equal(board.report(trial, 1, 50).decision, 'continue');
    assert.equal(board.report('g', 1, 49.9).decision, 'stop');
  });

  test('a report past several rungs fills them lowest first, up to the one that stops it', () => {
    const board = new Board(ladder(200));
    board.report('a', 1, 10);
    board.report('a', 2, 90);
    const ruling = board.report('b', 9, 50);
    assert.equal(ruling.decision, 'stop');
    assert.deepEqual(
      ruling.verdicts.map(({ rung, decision }) => [rung, decision]),
      [
        [1, 'continue'],
        [2, 'stop'],
      ],
    );
    assert.equal(board.recorded.get(4), undefined);
  });

  test('between rungs and in replays nothing happens', () => {
    const board = new Board(ladder(200));
    board.report('a', 2, 10);
    const nothing = { decision: 'continue', reason: 'between-rungs', verdicts: [] };
    assert.deepEqual(board.report('a', 2, 99), nothing);
    assert.deepEqual(board.report('a', 1, 99), nothing);
    assert.deepEqual(board.report('a', 3, NaN), nothing);
    assert.deepEqual(board.recorded.get(2), [10]);
  });

  test('NaN at a rung stops and leaves no trace', () => {
    const board = new Board(ladder(200));
    assert.deepEqual(board.report('a', 1, NaN), {
      decision: 'stop',
      reason: 'not-a-number',
      verdicts: [],
    });
    assert.equal(board.recorded.size, 0);
  });

  test('a list of rungs of one’s own', () => {
    const board = new Board({ rungs: [3, 10], reduction: 4 });
    assert.equal(board.report('a', 2, 1).reason, 'between-rungs');
    assert.equal(board.report('a', 3, 1).verdicts[0]!.rung, 3);
  });
});
