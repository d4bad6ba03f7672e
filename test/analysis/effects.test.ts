import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { auditOf } from '../../core/analysis/audit.ts';
import type { AuditedTrial } from '../../core/analysis/audit.ts';
import { compare } from '../../core/analysis/comparison.ts';
import { benjaminiHochberg } from '../../core/analysis/correction.ts';
import { mainEffects } from '../../core/analysis/effects.ts';
import { importanceOf } from '../../core/analysis/importance.ts';
import { interactions } from '../../core/analysis/interactions.ts';
import { liftOf, suggestedLocks } from '../../core/analysis/lift.ts';
import { correlationEstimate, possibleGood } from '../../core/analysis/estimate.ts';
import { type Design, minimalDifference, neededRuns, power } from '../../core/analysis/power.ts';
import { effectiveNumber, rankCorrelation } from '../../core/analysis/ranks.ts';
import type { Row, Table } from '../../core/analysis/table.ts';
import { stream } from '../../core/base/random.ts';

interface Planned {
  design: Design;
  comparisons: number;
  difference: number;
  runs: number;
}
interface Planning {
  needed: Planned[];
  minimal: Planned[];
  shares: Record<'k' | 'm' | 'population' | 'low' | 'high', number>[];
  correlations: (Record<'a' | 'b' | 'weights', number[]> &
    Record<'correlation' | 'low' | 'high', number>)[];
}

interface Expected {
  tables: (Table & {
    name: string;
    effects?: (Record<'effect' | 'low' | 'high' | 'p' | 'adjusted', number> | null)[];
    interactions: Record<'a' | 'b' | 'f' | 'above' | 'below' | 'p', number>[];
  })[];
  ranks: { a: number[]; b: number[]; correlation: number }[];
}
const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../fixtures/analysis/${name}`, import.meta.url), 'utf8'));
const expected = read('effects.json') as Expected;
const planning = read('planning.json') as Planning;

const near = (actual: number | null | undefined, value: number, what: string): void => {
  const error = Math.abs((actual ?? NaN) - value) / (1e-3 + Math.abs(value));
  assert.ok(error < 1e-8, `${what}: ${actual}, expected ${value}`);
};

void describe('effects equal those of numpy and scipy', () => {
  for (const { name, effects = [], interactions: pairs, ...table } of expected.tables) {
    void test(name, () => {
      for (const [at, found] of mainEffects(table).entries()) {
        const answer = effects[at];
        if (answer)
          for (const key of ['effect', 'low', 'high', 'p', 'adjusted'] as const)
            near(found[key], answer[key], `effect ${at}, ${key}`);
        else if (effects.length > 0) assert.equal(found.effect, null);
      }
      const found = interactions(table);
      assert.equal(found.length, pairs.length);
      for (const { a, b, ...answer } of pairs) {
        const own = found.find((each) => each.a === a && each.b === b);
        for (const key of ['f', 'above', 'below', 'p'] as const)
          near(own?.[key], answer[key], `${a}-${b} ${key}`);
      }
      assert.deepEqual(
        found,
        found.toSorted((x, y) => x.p - y.p),
      );
    });
  }

  void test('choices without trials and indistinguishable dimensions have no effect', () => {
    const table = expected.tables.at(-1)!;
    const effects = mainEffects(table);
    assert.deepEqual(
      effects
        .filter(({ effect }) => effect === null)
        .map(({ dimension, choice }) => [dimension, choice]),
      [
        [0, 2],
        [1, 0],
        [1, 1],
        [1, 2],
        [2, 0],
        [2, 1],
        [2, 2],
      ],
    );
  });

  void test('rank correlations', () => {
    for (const { a, b, correlation } of expected.ranks)
      near(rankCorrelation(a, b), correlation, 'rho');
    for (const { a, b, weights, correlation, low, high } of planning.correlations) {
      near(rankCorrelation(a, b, weights), correlation, 'weighted rho');
      const found = correlationEstimate(correlation, effectiveNumber(weights))!;
      near(found.low, low, 'low');
      near(found.high, high, 'high');
    }
    assert.equal(rankCorrelation([1, 2], [1, 2]), null);
    assert.equal(rankCorrelation([1, 1, 1], [1, 2, 3]), null);
  });
});

/** A table of random trials whose first dimension matters. */
function tableOf(count: number, sizes: readonly number[]): Table {
  const random = stream('table', count);
  return {
    sizes,
    rows: Array.from({ length: count }, () => {
      const picks = sizes.map((size) => random.below(size));
      return { picks, value: 0.5 + (picks[0] === 1 ? 0.1 : 0) + 0.02 * random.normal() };
    }),
  };
}

/** Random trials of 13 dimensions: too many pairs to test all. The last two interact. */
function wideTable(): Table {
  const { sizes, rows } = tableOf(300, new Array<number>(13).fill(3));
  const both = ({ picks }: Row): number => (picks[11] === picks[12] ? 0.1 : 0);
  return { sizes, rows: rows.map((row) => ({ ...row, value: row.value + both(row) })) };
}

void test('of many pairs the strongest are tested', () => {
  const [{ a, b } = { a: 0, b: 0 }] = interactions(wideTable());
  assert.deepEqual([a, b], [11, 12]);
});

void test('the mean of a choice is that of its trials', () => {
  const { rows } = conditionalTable(200);
  for (const { dimension, choice, count, mean } of mainEffects(conditionalTable(200))) {
    const own = rows.filter(({ picks }) => picks[dimension] === choice);
    assert.equal(count, own.length);
    near(mean, own.reduce((sum, { value }) => sum + value, 0) / own.length, 'mean');
  }
});

void test('a share of variance is that between the groups of a choice', () => {
  const rows = [
    { picks: [0], value: 1 },
    { picks: [0], value: 3 },
    { picks: [1], value: 5 },
    { picks: [1], value: 7 },
    { picks: [null], value: 4 },
  ];
  // Total 20 about 4, of which 4 times 2 squared lies between the groups.
  near(importanceOf({ sizes: [2], rows })[0]!.anova, 16 / 20, 'share');
});

void test('a dimension with one choice is of no importance', () => {
  const { rows } = tableOf(60, [3, 1]);
  const [free, fixed] = importanceOf({ sizes: [3, 1], rows });
  assert.ok(free!.pedAnova > 0.99 && free!.anova > 0.5);
  assert.deepEqual(fixed, { anova: 0, pedAnova: 0, pedAnovaRaw: 0 });
});

void test('interactions that were too weak to be tested count in the correction', () => {
  const table = wideTable();
  const found = interactions(table);
  const rest = (13 * 12) / 2 - found.length;
  assert.equal(found.length, 60);
  const all = benjaminiHochberg([...found.map(({ p }) => p), ...new Array<number>(rest).fill(1)]);
  assert.deepEqual(
    found.map(({ adjusted }) => adjusted),
    all.slice(0, found.length),
  );
  const without = benjaminiHochberg(found.map(({ p }) => p));
  assert.ok(found[0]!.adjusted > 1.2 * without[0]!);
});

void describe('lift', () => {
  void test('a choice that is frequent among the best is suggested as a lock', () => {
    const lifts = liftOf(tableOf(400, [4, 4, 3]));
    assert.deepEqual(suggestedLocks(lifts), [{ dimension: 0, choices: [1] }]);
    const first = lifts.find(({ dimension, choice }) => dimension === 0 && choice === 1)!;
    assert.equal(first.top, first.topCount);
    assert.ok(first.adjusted < 1e-10 && first.lift! > 3);
  });
});

/** A gate (0: Cutoff), a kind that only open gates have, a temperature that only kind 0 has. */
function conditionalTable(count: number): Table {
  const random = stream('conditional', count);
  return {
    sizes: [4, 2, 3, 3],
    deciders: [null, 0, 1, null],
    rows: Array.from({ length: count }, () => {
      const gate = random.below(4);
      const kind = gate === 0 ? null : random.below(2);
      const temperature = kind === 0 ? random.below(3) : null;
      const other = random.below(3);
      const value =
        0.5 +
        [0, 0.1, 0.2, 0.3][gate]! +
        (kind === 1 ? -0.1 : 0) +
        (temperature === 2 ? 0.06 : 0) +
        0.02 * other +
        0.01 * random.normal();
      return { picks: [gate, kind, temperature, other], value };
    }),
  };
}

void describe('choices without meaning beside others', () => {
  const table = conditionalTable(3000);
  const effects = mainEffects(table);
  const effectOf = (dimension: number, choice: number): number =>
    effects.find((each) => each.dimension === dimension && each.choice === choice)!.effect!;
  const close = (found: number, expected: number, what: string): void => {
    assert.ok(Math.abs(found - expected) < 0.006, `${what}: ${found}, expected ${expected}`);
  };

  void test('an effect takes the parts that it opens at their mean', () => {
    // An open gate: half of kind 0 with a third of temperature 2, half of kind 1.
    const open = -0.05 + 0.01;
    close(effectOf(0, 0), -(0.2 + open), 'Cutoff against the mean of the others');
    close(effectOf(0, 3), 0.3 + open - (0.1 + 0.2 + 2 * open) / 3, 'the third gate');
    close(effectOf(1, 1), -0.1 - 0.02, 'a kind, against the other at its mean temperature');
    close(effectOf(2, 2), 0.06, 'a temperature');
    close(effectOf(3, 2), 0.03, 'a choice that depends on nothing');
  });

  void test('intervals cover the truth, and counts are of the trials with a meaning', () => {
    const temperature = effects.filter(({ dimension }) => dimension === 2);
    const softened = table.rows.filter(({ picks }) => picks[2] !== null).length;
    assert.equal(
      temperature.reduce((sum, { count }) => sum + count, 0),
      softened,
    );
    const { low, high } = temperature[2]!;
    assert.ok(low! < 0.06 && high! > 0.06 && high! - low! < 0.01);
  });

  void test('importance and lift compare only trials in which the choice means something', () => {
    const importance = importanceOf(table);
    // All of the difference between Cutoff and the others belongs to the gate.
    assert.ok(importance[0]!.anova > 3 * importance[1]!.anova, JSON.stringify(importance));
    assert.ok(importance[2]!.anova < 0.1);
    const lifts = liftOf(table).filter(({ dimension }) => dimension === 2);
    near(
      lifts.reduce((sum, { share }) => sum + share, 0),
      1,
      'shares of the temperatures',
    );
    // A third of all, and about 0.42 of the best tenth.
    assert.ok(lifts[2]!.lift! > 1.15 && lifts[2]!.adjusted < 0.05);
    for (const { a, b, p } of interactions(table))
      assert.ok(p > 1e-4, `${a} and ${b} do not interact, p ${p}`);
  });

  void test('a dimension that never means anything is left out, without NaN', () => {
    const rows = table.rows.map(({ picks, value }) => ({
      picks: [0, null, null, picks[3]!],
      value,
    }));
    const never = { ...table, rows };
    const all = [mainEffects(never), importanceOf(never), liftOf(never), interactions(never)];
    JSON.stringify(all, (_key, value: unknown) => {
      assert.ok(typeof value !== 'number' || Number.isFinite(value));
      return value;
    });
    assert.ok(mainEffects(never).every(({ dimension, effect }) => dimension === 3 || !effect));
  });
});

void describe('bad input', () => {
  const flat = (value: number): Table => ({
    sizes: [4, 3],
    rows: Array.from({ length: 30 }, (_, at) => ({ picks: [at % 4, at % 3], value })),
  });
  const tables: Record<string, Table> = {
    'no trial': { sizes: [4, 3], rows: [] },
    'one trial': { sizes: [4, 3], rows: [{ picks: [1, 2], value: 0.3 }] },
    'two trials': {
      sizes: [4, 3],
      rows: [
        { picks: [1, 2], value: 0.3 },
        { picks: [0, 2], value: 0.4 },
      ],
    },
    'values that are no numbers': flat(NaN),
    'choices of another space': { sizes: [4, 3], rows: [{ picks: [-1, 2], value: 0.3 }] },
    'constant accuracies': flat(0.1),
    'a space of one graph': {
      sizes: [1, 1],
      rows: [
        { picks: [0, 0], value: 0.1 },
        { picks: [0, 0], value: 0.2 },
      ],
    },
    'no dimension': {
      sizes: [],
      rows: [
        { picks: [], value: 0.1 },
        { picks: [], value: 0.2 },
      ],
    },
  };
  for (const [name, table] of Object.entries(tables))
    void test(`${name}: no NaN, no infinity`, () => {
      const lifts = liftOf(table);
      const all = [
        mainEffects(table),
        interactions(table),
        importanceOf(table),
        lifts,
        suggestedLocks(lifts),
      ];
      JSON.stringify(all, (_key, value: unknown) => {
        assert.ok(typeof value !== 'number' || Number.isFinite(value), JSON.stringify(all));
        return value;
      });
      assert.deepEqual(suggestedLocks(lifts), []);
      assert.ok(mainEffects(table).every(({ p }) => p === null || p >= 0));
    });

  void test('constant accuracies give effects of exactly 0', () => {
    for (const { effect, low, high, p } of mainEffects(flat(0.1)))
      assert.deepEqual({ effect, low, high, p }, { effect: 0, low: 0, high: 0, p: 1 });
  });
});

void describe('audit of a stopping rule', () => {
  const trial = (first: number, end: number | null, stoppedAt: number | null): AuditedTrial => ({
    values: new Map([[1, first]]),
    end,
    stoppedAt,
  });

  void test('audit trials represent all stopped trials', () => {
    // 20 went on, 80 were stopped, 10 of these ran on: each stands for 8. One of them is among the
    // best tenth.
    const trials = [
      ...Array.from({ length: 20 }, (_, at) => trial(0.5 + at / 100, 0.6 + at / 100, null)),
      ...Array.from({ length: 10 }, (_, at) =>
        trial(0.3 + at / 100, at === 3 ? 0.9 : 0.4 + at / 1000, 1),
      ),
      ...Array.from({ length: 70 }, () => trial(0.2, null, 1)),
    ];
    const { lost, stopped, ranOn, ranOnGood, rungs } = auditOf(trials);
    assert.deepEqual({ stopped, ranOn, ranOnGood }, { stopped: 80, ranOn: 10, ranOnGood: 1 });
    // A tenth of 100: the eight that it stands for and two that went on.
    near(lost!.value, 0.8, 'share lost');
    // One in ten of 80 may be 1 to 34 of them, and two went on.
    assert.deepEqual(possibleGood(1, 10, 80), { low: 1, high: 34 });
    near(lost!.low, 1 / 3, 'low');
    near(lost!.high, 34 / 36, 'high');
    assert.equal(rungs[0]!.trials, 30);
  });

  void test('the share of good graphs in a population lies where scipy’s exact tails say', () => {
    for (const { k, m, population, low, high } of planning.shares)
      assert.deepEqual(possibleGood(k, m, population), { low, high });
  });

  void test('a rank correlation counts stopped trials by those that ran on', () => {
    // Among the trials that went on, the rung says nothing; the stopped ones are worse at both.
    const random = stream('survivors');
    const through = Array.from({ length: 20 }, () =>
      trial(0.8 + 0.1 * random.uniform(), 0.8 + 0.1 * random.uniform(), null),
    );
    const stopped = Array.from({ length: 80 }, (_, at) => trial(at / 200, null, 1));
    const audited = stopped.map((each, at) => (at % 8 === 0 ? { ...each, end: at / 200 } : each));
    const [rung] = auditOf([...through, ...audited]).rungs;
    assert.ok(rung!.correlation!.value > 0.9, JSON.stringify(rung));
    assert.ok(rung!.correlation!.low < rung!.correlation!.value);
    const [unknown] = auditOf([...through, ...stopped]).rungs;
    assert.equal(unknown!.correlation, null, 'only survivors are known');
    const [alone] = auditOf(through).rungs;
    assert.ok(Math.abs(alone!.correlation!.value) < 0.5, 'nothing was stopped');
  });

  void test('two or three trials say nothing, and five agree with a wide interval', () => {
    const along = (count: number): AuditedTrial[] =>
      Array.from({ length: count }, (_, at) => trial(at / 10, at / 10, null));
    assert.equal(auditOf(along(3)).rungs[0]!.correlation, null);
    const { value, low, high } = auditOf(along(5)).rungs[0]!.correlation!;
    assert.ok(value === 1 && high === 1 && low < 0.2, String(low));
    const few = [...along(20), trial(0.1, 0.9, 1), trial(0.1, 0.8, 1), trial(0.1, null, 1)];
    const { lost, ranOn } = auditOf(few);
    assert.deepEqual({ lost, ranOn }, { lost: null, ranOn: 2 });
  });

  void test('without audit trials or completed trials there is no estimate', () => {
    for (const trials of [
      [],
      [trial(0.1, null, 1)],
      [trial(0.1, 0.2, null), trial(0.2, 0.3, null)],
    ]) {
      const { lost, firstRung, rungs } = auditOf(trials);
      assert.equal(lost, null);
      assert.equal(firstRung, null);
      assert.ok(rungs.every(({ correlation }) => correlation === null));
    }
  });

  void test('the first rung is the lowest one that agrees with the end', () => {
    const random = stream('audit');
    const trials = Array.from({ length: 60 }, (): AuditedTrial => {
      const end = random.uniform();
      const values = new Map([
        [1, random.uniform()],
        [2, end + 0.05 * random.normal()],
        [4, end],
      ]);
      return { values, end, stoppedAt: null };
    });
    assert.equal(auditOf(trials).firstRung, 2);
  });
});

void describe('comparisons and power', () => {
  const seeds = (...values: number[]): Map<number, number> =>
    new Map(values.map((value, at) => [at, value]));

  void test('pairs share seeds, Holm corrects over all comparisons', () => {
    const graph = seeds(72.6, 72.9, 72.4, 72.8, 73);
    const [better, same, apart, alone] = compare(graph, [
      seeds(70.1, 70.6, 69.8, 70.4, 70.3),
      seeds(72.5, 73, 72.2, 72.9, 73.1),
      new Map([
        [90, 70],
        [91, 70.2],
      ]),
      seeds(70),
    ]);
    assert.ok(better!.significant && better!.adjusted! > better!.paired!.p);
    assert.ok(!same!.significant);
    assert.ok(apart!.paired === null && apart!.welch !== null && apart!.adjusted !== null);
    assert.deepEqual(alone, {
      ...{ paired: null, welch: null, adjusted: null },
      ...{ significant: false, needed: null },
    });
    assert.equal(better!.needed, 3, 'two seeds find it alone, not after the correction');
    assert.equal(compare(graph, [seeds(70.1, 70.6, 69.8, 70.4, 70.3)])[0]!.needed, 2);
    assert.equal(compare(graph, [graph])[0]!.needed, null);
  });

  void test('equal differences of a few seeds are judged by Welch’s test', () => {
    const [same] = compare(seeds(0.12, 0.13), [seeds(0.09, 0.1)]);
    assert.equal(same!.paired!.t, null);
    assert.ok(!same!.significant && same!.adjusted! > 0.04 && same!.needed! > 2);
    const [none, constant] = compare(seeds(0.12, 0.13), [seeds(0.12, 0.13), seeds(0.1, 0.1)]);
    assert.ok(!none!.significant && none!.adjusted === 1 && none!.needed === null);
    assert.ok(!constant!.significant);
  });

  void test('needed runs are the fewest with enough power', () => {
    for (const design of ['paired', 'welch'] as const)
      for (const difference of [0.4, 0.8, 1.5, 3]) {
        const runs = neededRuns(difference, design)!;
        assert.ok(power(difference, runs, design) >= 0.8);
        assert.ok(runs === 2 || power(difference, runs - 1, design) < 0.8);
        assert.ok(minimalDifference(runs, design)! <= difference);
      }
    assert.equal(neededRuns(0, 'paired'), null);
    assert.equal(neededRuns(NaN, 'paired'), null);
    for (const design of ['paired', 'welch'] as const) {
      assert.equal(neededRuns(11.6, design), 2);
      assert.equal(neededRuns(1e15, design), 2, 'a spread of rounding errors only');
    }
    assert.equal(neededRuns(1e-6, 'welch'), null);
    const least = minimalDifference(10_000, 'paired')!;
    assert.equal(neededRuns(least * 1.000001, 'paired'), 10_000);
    assert.equal(neededRuns(least * 0.9999, 'paired'), null);
    assert.equal(minimalDifference(1, 'paired'), null);
    // "With 5 seeds and a spread of 0.4 points you will see differences of 0.81 points in 80 % of
    // cases."
    assert.equal((0.4 * minimalDifference(5, 'welch')!).toFixed(2), '0.81');
  });

  void test('power and needed seeds beside several baselines count Holm’s strictest step', () => {
    for (const { difference, design, comparisons, runs } of planning.needed)
      assert.equal(neededRuns(difference, design, comparisons), runs, `${difference} ${design}`);
    for (const { runs, design, comparisons, difference } of planning.minimal)
      near(minimalDifference(runs, design, comparisons), difference, `${runs} ${design}`);
    assert.equal(minimalDifference(2, 'paired', 1000), null, 'nothing that could be there');
  });

  void test('a comparison says the seeds that its test needs beside the others', () => {
    const graph = seeds(0.7, 0.71, 0.72, 0.7, 0.715);
    const unclear = seeds(0.69, 0.715, 0.71, 0.705, 0.7);
    const [alone] = compare(graph, [unclear]);
    const [beside] = compare(graph, [unclear, seeds(0.6, 0.61, 0.62, 0.6, 0.6), unclear, unclear]);
    const times = alone!.paired!.t! / Math.sqrt(5);
    assert.equal(alone!.needed, neededRuns(times, 'paired'));
    assert.equal(beside!.needed, neededRuns(times, 'paired', 4));
    assert.ok(beside!.needed! > 1.3 * alone!.needed!);
  });

  void test('unpaired seeds need as many as Welch’s test of both spreads says', () => {
    const other = new Map([0.68, 0.71, 0.7].map((value, at) => [100 + at, value]));
    const [compared] = compare(seeds(0.7, 0.72, 0.71, 0.73, 0.72), [other]);
    const { t } = compared!.welch!;
    // Both sides add to the variance: 1 / 5 + 1 / 3.
    assert.equal(compared!.needed, neededRuns(t! * Math.sqrt(1 / 5 + 1 / 3), 'welch'));
    assert.notEqual(compared!.needed, neededRuns(t! * Math.sqrt(1 / 5), 'welch'));
  });
});
