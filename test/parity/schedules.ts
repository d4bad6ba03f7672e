import * as v from 'valibot';
import { gate } from '../../core/gates/gates.ts';
import { recipeFor } from '../../core/study/plan.ts';
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
    const rate = learningRate(epoch, { learningRate: base, drops });
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
      lengths: v.array(v.object({ epochs: v.number(), drops: v.array(v.number()) })),
    }),
  ),
});

/** Compares the drops of the paper's recipe in runs of every length with the expected ones. */
export function dropsParity(file: string, json: unknown): ParityReport {
  const { drops } = v.parse(dropsFixture, json);
  const tally = new Tally();
  for (const { epochs, drops: expected } of drops.find(({ recipe }) => recipe === 'paper')!.lengths)
    tally.exact(`drops of ${epochs} epochs`, recipeFor(epochs).drops, expected);
  return tally.report(file);
}
