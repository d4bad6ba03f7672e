import * as v from 'valibot';
import { gate } from '../../core/gates/gates.ts';
import { recipeFor, recipeNames, scaledDrops } from '../../core/study/recipe.ts';
import { DROP_FACTOR, learningRate, linearWeight } from '../../core/train/schedule.ts';
import { Tally } from './report.ts';
import type { ParityReport } from './report.ts';

/** The answers are written with 15 digits. */
const ALLOWED = 1e-13;

const linear = v.object({
  k_end: v.number(),
  values: v.array(v.object({ k: v.number(), weight: v.number() })),
});

const schedulesFixture = v.object({
  kind: v.literal('schedules'),
  learning_rate: v.object({
    base: v.number(),
    factor: v.literal(DROP_FACTOR),
    drops: v.array(v.number()),
    values: v.array(v.object({ epoch: v.number(), lr: v.number() })),
  }),
  linear: v.objectWithRest({ rule: v.string() }, linear),
});

/**
 * Compares learning rates and Linear weights, for every variant of counting, with the expected
 * ones.
 */
export function schedulesParity(file: string, json: unknown): ParityReport {
  const fixture = v.parse(schedulesFixture, json);
  const tally = new Tally();
  const { base, drops, values } = fixture.learning_rate;
  for (const { epoch, lr } of values) {
    const rate = learningRate(epoch, { learningRate: base, drops }, 200);
    tally.within(`learning rate of epoch ${epoch}`, Math.abs(rate - lr) / lr, ALLOWED);
  }
  const { rule: _, ...variants } = fixture.linear;
  for (const [variant, { k_end, values: weights }] of Object.entries(variants)) {
    for (const { k, weight } of weights) {
      const actual = gate('linear').weight(linearWeight(k, k_end));
      tally.within(`Linear ${variant}, update ${k}`, Math.abs(actual - weight), ALLOWED * weight);
    }
  }
  return tally.report(file);
}

const dropsFixture = v.object({
  kind: v.literal('schedules2'),
  drops: v.array(
    v.object({
      recipe: v.string(),
      drops: v.array(v.number()),
      base: v.number(),
      lengths: v.array(v.object({ epochs: v.number(), drops: v.array(v.number()) })),
    }),
  ),
  rates: v.array(
    v.object({
      recipe: v.variant('rule', [
        v.object({
          ...{ rule: v.literal('steps'), lr: v.number(), warmup: v.number() },
          ...{ factor: v.literal(DROP_FACTOR), drops: v.array(v.number()), base: v.number() },
        }),
        v.object({ rule: v.literal('cosine'), lr: v.number(), warmup: v.number() }),
      ]),
      epochs: v.number(),
      values: v.array(v.object({ epoch: v.number(), lr: v.number() })),
    }),
  ),
  gates: v.array(
    v.object({
      c_end: v.number(),
      values: v.array(v.object({ c: v.number(), weights: v.record(v.string(), v.number()) })),
    }),
  ),
});
type Rates = v.InferOutput<typeof dropsFixture>['rates'][number];

/** Compares drops, learning rates and the weights of all gates with the expected ones. */
export function dropsParity(file: string, json: unknown): ParityReport {
  const { drops, rates, gates } = v.parse(dropsFixture, json);
  const tally = new Tally();
  for (const { recipe, drops: usual, base, lengths } of drops) {
    const published = recipeNames.find((name) => name === recipe);
    for (const { epochs, drops: expected } of lengths) {
      const actual = published
        ? recipeFor(epochs, published).drops
        : scaledDrops(usual, base, epochs);
      tally.exact(`${recipe}, drops of ${epochs}`, actual, expected);
    }
  }
  for (const each of rates) compareRates(tally, each);
  for (const { c_end: end, values } of gates)
    for (const { c, weights } of values)
      for (const [name, expected] of Object.entries(weights)) {
        const actual = gate(name).weight(linearWeight(c, end));
        const error = Math.abs(actual - expected) / Math.max(expected, 1e-4);
        tally.within(`${name}, update ${c} of ${end}`, error, GATE_ALLOWED);
      }
  return tally.report(file);
}

/** Of weights that the fixture rounds to 15 digits, and of rates. */
const GATE_ALLOWED = 1e-9;

function compareRates(tally: Tally, { recipe, epochs, values }: Rates): void {
  const { lr: learning, rule, warmup } = recipe;
  const schedule = {
    learningRate: learning,
    drops: recipe.rule === 'steps' ? scaledDrops(recipe.drops, recipe.base, epochs) : [],
    ...(recipe.rule === 'cosine' && { schedule: recipe.rule }),
    ...(warmup > 0 && { warmup }),
  };
  for (const { epoch, lr } of values) {
    const error = Math.abs(learningRate(epoch, schedule, epochs) - lr) / learning;
    tally.within(`${rule}, warm-up ${warmup}, epoch ${epoch} of ${epochs}`, error, GATE_ALLOWED);
  }
}
