import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { stream } from '../../core/base/random.ts';
import { judgeBy, ruleOf, rungsOf } from '../../core/search/rules/rules.ts';
import type { Rule } from '../../core/search/rules/rules.ts';
import type { KnownTrial } from '../../core/search/samplers/_base.ts';
import { type SamplerName, samplerOf } from '../../core/search/samplers/samplers.ts';

/** Numbers of trials after which the regret is taken. */
export const COUNTS = [50, 100, 300] as const;

const numbers = v.array(v.number());
const landscape = v.object({
  sizes: v.array(v.pipe(v.number(), v.integer(), v.minValue(1))),
  main: v.array(numbers),
  pairs: v.array(v.object({ a: v.number(), b: v.number(), table: v.array(numbers) })),
  noise: v.number(),
  seed: v.number(),
  optimum: v.number(),
  sd: v.number(),
});

/** A toy search space with the value of every setting: main effects and interacting pairs. */
export type Landscape = v.InferOutput<typeof landscape>;

export const readLandscapes = (file: string): Landscape[] =>
  v.parse(v.array(landscape), JSON.parse(readFileSync(file, 'utf8')));

/** Value of a setting without noise. */
const valueAt = ({ main, pairs }: Landscape, picks: readonly number[]): number =>
  main.reduce((sum, effects, at) => sum + effects[picks[at]!]!, 0) +
  pairs.reduce((sum, { a, b, table }) => sum + table[picks[a]!]![picks[b]!]!, 0);

/** How a landscape is played. */
export interface Game {
  sampler: SamplerName;
  /** Trials that are always under way; the oldest one ends first. */
  workers: number;
  /** `none`: every trial is seen at full budget. */
  rule: Rule['kind'];
  /** Another game on the same landscape: other draws, other noise. */
  repeat: number;
}

/** What came of one landscape. */
export interface Played {
  /** (optimum - best noise-free value of the first k trials) / sd, by k. */
  regret: Record<number, number>;
  /** The same, only trials that came to their end. */
  completed: Record<number, number>;
  duplicates: number;
}

const EPOCHS = 16;

/** A trial on the way: its noisy accuracy after every epoch. */
interface Trial {
  picks: number[];
  value: number;
  curve: number[];
  values: Map<number, number>;
  epoch: number;
}

/**
 * Plays a sampler. Under a stopping rule a trial has 16 epochs, and its value after an epoch is the
 * less certain the earlier: the noise falls from three times that of the end.
 */
export function play(landscape: Landscape, { sampler, workers, rule: kind, repeat }: Game): Played {
  const noise = stream(landscape.seed, 'noise', repeat);
  const rule = ruleOf(kind).usual;
  const recorded = new Map<number, number[]>();
  const judge = judgeBy(rule, EPOCHS, {
    rungValues: (rung) => recorded.get(rung) ?? [],
    curves: () => [],
  });
  const rungs = rungsOf(rule, EPOCHS);
  const seen = new Set<string>();
  const running: number[] = [];
  const trials: Trial[] = [];
  const played: Played = { regret: {}, completed: {}, duplicates: 0 };

  const advance = (number: number): void => {
    const trial = trials[number]!;
    while (trial.epoch < EPOCHS) {
      const accuracy = trial.curve[trial.epoch++]!;
      const decisions = rungs.includes(trial.epoch)
        ? judge.judge(number, trial.epoch, accuracy)
        : [];
      judge.recorded(number, trial.epoch, accuracy, decisions);
      for (const { rung, value } of decisions) if (value !== null) trial.values.set(rung, value);
      if (decisions.some(({ go }) => !go)) return;
    }
    trial.values.set(EPOCHS, trial.curve[EPOCHS - 1]!);
  };
  const regretOf = (some: readonly Trial[]): number =>
    (landscape.optimum - Math.max(...some.map(({ value }) => value))) / landscape.sd;

  for (let number = 0; number < COUNTS.at(-1)!; number++) {
    const picks = samplerOf(sampler).propose({
      sizes: landscape.sizes,
      known: trials.map(({ picks: chosen, values }): KnownTrial => ({ picks: chosen, values })),
      prior: null,
      random: stream(landscape.seed, sampler, repeat, number),
      accepts: (each) => !seen.has(each.join()),
      settled: (each) => each,
    });
    if (seen.has(picks.join())) played.duplicates++;
    seen.add(picks.join());
    const value = valueAt(landscape, picks);
    const curve = Array.from(
      { length: EPOCHS },
      (_, at) => value + landscape.noise * landscape.sd * noiseAt(at + 1) * noise.normal(),
    );
    trials.push({ picks, value, curve, values: new Map(), epoch: 0 });
    running.push(number);
    if (running.length === workers) advance(running.shift()!);
    if (!COUNTS.some((count) => count === trials.length)) continue;
    played.regret[trials.length] = regretOf(trials);
    played.completed[trials.length] = regretOf(trials.filter(({ values }) => values.has(EPOCHS)));
  }
  return played;
}

/** How many times as uncertain as at the end. */
const noiseAt = (epoch: number): number => 3 - (2 * Math.log2(epoch)) / Math.log2(EPOCHS);
