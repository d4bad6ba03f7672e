import * as v from 'valibot';
import { binomialTest } from '../../core/analysis/binomial.ts';
import { benjaminiHochberg, holm } from '../../core/analysis/correction.ts';
import { importanceOf } from '../../core/analysis/importance.ts';
import { minimalDifference } from '../../core/analysis/power.ts';
import {
  mean,
  meanTest,
  pairedTest,
  sampleDeviation,
  welchTest,
} from '../../core/analysis/statistics.ts';
import type { Tolerances } from './compare.ts';
import { Tally } from './report.ts';
import type { ParityReport } from './report.ts';

const values = v.array(v.number());
const corrected = v.array(v.object({ p: values, adjusted: values }));
const named = v.record(v.string(), v.number());
const tested = {
  name: v.string(),
  a: values,
  b: values,
  difference: v.number(),
  standard_error: v.number(),
  df: v.number(),
  t: v.number(),
  p: v.number(),
  low: v.number(),
  high: v.number(),
};

const statsFixture = v.object({
  kind: v.literal('stats'),
  confidence: v.literal(0.95),
  mean: v.array(
    v.object({ a: values, mean: v.number(), sd: v.number(), low: v.number(), high: v.number() }),
  ),
  welch: v.array(v.object(tested)),
  paired: v.array(v.object(tested)),
  holm: corrected,
  benjamini_hochberg: corrected,
  binomial: v.array(
    v.object({
      k: v.number(),
      n: v.number(),
      share: v.number(),
      two_sided: v.number(),
      greater: v.number(),
      less: v.number(),
    }),
  ),
  enrichment: v.array(
    v.object({
      name: v.string(),
      side: v.picklist(['two_sided', 'greater', 'less']),
      rows: v.array(v.object({ k: v.number(), n: v.number(), share: v.number() })),
      p: values,
      adjusted: values,
    }),
  ),
  minimal_difference: v.array(v.object({ n: v.number(), paired: v.number(), welch: v.number() })),
  importance: v.array(
    v.object({
      name: v.string(),
      target_quantile: v.number(),
      choices: v.record(v.string(), v.array(v.string())),
      trials: v.array(v.object({ params: v.record(v.string(), v.string()), value: v.number() })),
      anova: named,
      ped_anova: named,
      ped_anova_raw: named,
    }),
  ),
});

type Fixture = v.InferOutput<typeof statsFixture>;
/** Compares one number under the limit of a quantity of `tolerances.json`. */
type Check = (
  what: string,
  quantity: string,
  actual: number | null | undefined,
  expected: number,
) => void;

const RELATIVE = new Set(['stats_test', 'binomial', 'minimal_difference']);

/** Compares intervals, tests, corrections, power and importance with independent answers. */
export function statsParity(file: string, json: unknown, allowed: Tolerances): ParityReport {
  const fixture = v.parse(statsFixture, json);
  const tally = new Tally();
  const check: Check = (what, quantity, actual, expected) => {
    const limit = allowed[quantity];
    if (limit === undefined) throw new Error(`tolerances.json says nothing of ${quantity}.`);
    const scale = RELATIVE.has(quantity) && expected !== 0 ? Math.abs(expected) : 1;
    tally.within(what, Math.abs((actual ?? NaN) - expected) / scale, limit);
  };
  checkTests(fixture, check);
  checkCorrections(fixture, check);
  checkBinomial(fixture, check);
  checkImportance(fixture, check);
  for (const { n, paired, welch } of fixture.minimal_difference) {
    check(
      `minimal difference, ${n} pairs`,
      'minimal_difference',
      minimalDifference(n, 'paired'),
      paired,
    );
    check(
      `minimal difference, ${n} a side`,
      'minimal_difference',
      minimalDifference(n, 'welch'),
      welch,
    );
  }
  return tally.report(file);
}

function checkTests(fixture: Fixture, check: Check): void {
  for (const [at, { a, ...expected }] of fixture.mean.entries()) {
    const test = meanTest(a);
    const actual = { mean: mean(a), sd: sampleDeviation(a), low: test?.low, high: test?.high };
    for (const key of ['mean', 'sd', 'low', 'high'] as const)
      check(`mean ${at}, ${key}`, 'stats_test', actual[key], expected[key]);
  }
  for (const [kind, testOf] of [
    ['welch', welchTest],
    ['paired', pairedTest],
  ] as const)
    for (const expected of fixture[kind]) {
      const test = testOf(expected.a, expected.b);
      const actual = { ...test, standard_error: test?.standardError };
      for (const key of ['difference', 'standard_error', 'df', 't', 'p', 'low', 'high'] as const)
        check(`${kind} ${expected.name}, ${key}`, 'stats_test', actual[key], expected[key]);
    }
}

function checkCorrections(fixture: Fixture, check: Check): void {
  for (const [kind, correct] of [
    ['holm', holm],
    ['benjamini_hochberg', benjaminiHochberg],
  ] as const)
    for (const [at, { p, adjusted }] of fixture[kind].entries())
      for (const [index, actual] of correct(p).entries())
        check(`${kind} ${at}, ${index}`, 'adjusted', actual, adjusted[index]!);
}

function checkBinomial(fixture: Fixture, check: Check): void {
  for (const { k, n, share, ...expected } of fixture.binomial) {
    const { twoSided, greater, less } = binomialTest(k, n, share);
    check(`binomial ${k} of ${n}, two-sided`, 'binomial', twoSided, expected.two_sided);
    check(`binomial ${k} of ${n}, greater`, 'binomial', greater, expected.greater);
    check(`binomial ${k} of ${n}, less`, 'binomial', less, expected.less);
  }
  for (const { name, side, rows, p, adjusted } of fixture.enrichment) {
    const actual = rows.map(({ k, n, share }) => {
      const { twoSided, greater, less } = binomialTest(k, n, share);
      return { two_sided: twoSided, greater, less }[side];
    });
    for (const [at, expected] of p.entries())
      check(`${name} ${at}, p`, 'binomial', actual[at], expected);
    for (const [at, each] of benjaminiHochberg(actual).entries())
      check(`${name} ${at}, adjusted`, 'adjusted', each, adjusted[at]!);
  }
}

function checkImportance(fixture: Fixture, check: Check): void {
  for (const { name, target_quantile, choices, trials, ...expected } of fixture.importance) {
    const dimensions = Object.keys(choices);
    const rows = trials.map(({ params, value }) => ({
      picks: dimensions.map((dimension) => choices[dimension]!.indexOf(params[dimension]!)),
      value,
    }));
    const sizes = dimensions.map((dimension) => choices[dimension]!.length);
    for (const [at, found] of importanceOf({ sizes, rows }, target_quantile).entries()) {
      const of = dimensions[at]!;
      check(`${name} ${of}, ANOVA`, 'importance', found.anova, expected.anova[of]!);
      check(`${name} ${of}, PED-ANOVA`, 'importance', found.pedAnova, expected.ped_anova[of]!);
      check(
        `${name} ${of}, PED-ANOVA raw`,
        'importance',
        found.pedAnovaRaw,
        expected.ped_anova_raw[of]!,
      );
    }
  }
}
