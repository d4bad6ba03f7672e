import * as v from 'valibot';
import type { RandomStream } from '../../base/random.ts';
import type { Picks } from '../../graph/space.ts';
import type { KnownTrial, Question, Sampler } from './_base.ts';
import { type Prior, drawChoice, drawSetting, gainOf, uniformPrior } from './prior.ts';

/** Trials that are drawn at random before the first is proposed. */
const STARTUP = 10;
/** Values at a rung that are enough to tell good trials from bad ones there. */
const ENOUGH = 2 * STARTUP;
/** Share of the trials that count as good, and the most that do. */
const GOOD_SHARE = 0.05;
const GOOD_LIMIT = 25;
/**
 * Choices of bad trials that are compared with: of more, the latest trials. Keeps a draw below 16
 * ms.
 */
const BAD_CHOICES = 20_000;
/** Proposals of which the most promising is taken. */
const CANDIDATES = 48;

const schema = v.literal('tpe');

/**
 * Tree-structured Parzen estimator over whole settings (Bergstra et al., NeurIPS 2011;
 * multivariate, with constant liar, as in Optuna's TPESampler). A proposal keeps most choices of
 * one good trial; of some proposals the one is taken that is most likely among good trials compared
 * with the others. Trials under way count as bad, so that slots that work at the same time do not
 * try the same.
 */
export const tpe = {
  name: 'tpe',
  schema,
  title: 'TPE (near good graphs)',
  learns: true,
  randomStart: STARTUP,
  propose,
} as const satisfies Sampler<v.InferOutput<typeof schema>>;

function propose({ sizes, known, prior: given, random, accepts, settled }: Question): number[] {
  const prior = given ?? uniformPrior(sizes);
  if (known.length < STARTUP) return drawSetting(prior, random);
  const { good, bad: all } = split(known);
  const bad = all.slice(-Math.ceil(BAD_CHOICES / sizes.length));
  const keep = keepingOf(good.length);
  const promise = promiseOf(prior, good, bad, keep);
  const candidates = Array.from({ length: CANDIDATES }, () => {
    const picks = near(prior, good, keep, random);
    return { picks, promise: promise(settled(picks)) };
  }).sort((a, b) => b.promise - a.promise);
  // Whether a proposal is accepted takes longer to find out than its promise: the best is asked
  // first.
  return (candidates.find(({ picks }) => accepts(picks)) ?? candidates[0]!).picks;
}

/**
 * Probability with which a proposal keeps a choice of the good trial that it is near to; else it
 * draws one.
 */
const keepingOf = (good: number): number => good / (good + 1);

/**
 * Good and bad trials at the highest rung that enough of them have reached. Who has not reached it,
 * because it was stopped before or is under way, counts as bad.
 */
export function split(known: readonly KnownTrial[]): { good: Picks[]; bad: Picks[] } {
  const rung = rungOf(known);
  // Those that were stopped before the rung count too: the best at it are the best of all of them.
  const judged = known.filter(({ values }) => values.size > 0).length;
  const reached = known.filter(({ values }) => values.has(rung));
  const good = Math.min(Math.ceil(GOOD_SHARE * judged), GOOD_LIMIT, reached.length);
  const best = new Set(rankedFrom(reached, rung).slice(0, good));
  const bad = known.filter((trial) => !best.has(trial));
  return { good: [...best].map(({ picks }) => picks), bad: bad.map(({ picks }) => picks) };
}

/**
 * Trials that reached a rung, the best first: by their values at it; then those that reached the
 * next rung are ordered anew by their values there, among the places that they hold, and so on. So
 * the latest value of a trial decides wherever both have it, and one that was stopped keeps its
 * place among them.
 */
function rankedFrom(trials: readonly KnownTrial[], rung: number): KnownTrial[] {
  const rungs = new Set(trials.flatMap(({ values }) => [...values.keys()]));
  const order = [...trials];
  for (const each of [...rungs].filter((one) => one >= rung).sort((a, b) => a - b)) {
    const places = [...order.keys()].filter((at) => order[at]!.values.has(each));
    const valueOf = (trial: KnownTrial): number => trial.values.get(each)!;
    // Of equal ones the earlier is better: sorting is stable.
    const sorted = places.map((at) => order[at]!).sort((a, b) => valueOf(b) - valueOf(a) || 0);
    for (const [at, place] of places.entries()) order[place] = sorted[at]!;
  }
  return order;
}

/**
 * The highest rung with enough values; the one with most values, the higher of equal ones, while
 * none has.
 */
export function rungOf(known: readonly KnownTrial[]): number {
  const counts = new Map<number, number>();
  for (const { values } of known)
    for (const rung of values.keys()) counts.set(rung, (counts.get(rung) ?? 0) + 1);
  const descending = [...counts].sort(([a], [b]) => b - a);
  const enough = descending.find(([, count]) => count >= ENOUGH);
  const most = descending.toSorted(([, a], [, b]) => b - a)[0];
  return (enough ?? most)?.[0] ?? 0;
}

/**
 * Choices near a good trial that is drawn, or anywhere: the prior weighs as much as one of them.
 */
function near(prior: Prior, good: readonly Picks[], keep: number, random: RandomStream): number[] {
  const centre = good[random.below(good.length + 1)];
  if (!centre) return drawSetting(prior, random);
  return prior.weights.map((weights, at) => {
    // A choice that the space does not have (-1) cannot be kept: trials may come from elsewhere. One
    // without meaning in its graph (null) says nothing.
    const kept = centre[at] ?? -1;
    return random.uniform() < keep && kept >= 0 ? kept : drawChoice(weights, random);
  });
}

/** Log of how much likelier choices are among good trials than among bad ones. */
function promiseOf(
  prior: Prior,
  good: readonly Picks[],
  bad: readonly Picks[],
  keep: number,
): (picks: Picks) => number {
  const among = densityOf(prior, good, keep, 1);
  // Both sides have the same kernels: else the wider ones would favour far-off choices whatever
  // their trials say. The prior has the same share of both: where no trial is, nothing is promised.
  const weight = good.length === 0 ? 1 : bad.length / good.length;
  const others = densityOf(prior, bad, keep, weight);
  return (picks) => Math.log(among(picks)) - Math.log(others(picks));
}

/** Stands for a choice without meaning in a table of choices, and one that no space has. */
const [NO_MEANING, UNKNOWN] = [0xffff, 0xfffe];

const inTable = (pick: number | null): number =>
  pick === null ? NO_MEANING : pick < 0 ? UNKNOWN : pick;

/**
 * Density of one kernel around each trial and of the prior, which weighs `weight` of them, compared
 * with draws of every choice by its weight alone. A kernel says nothing about a choice that has no
 * meaning in its trial or in the setting that is asked about.
 */
function densityOf(
  prior: Prior,
  trials: readonly Picks[],
  keep: number,
  weight: number,
): (picks: Picks) => number {
  const width = prior.weights.length;
  const table = Uint16Array.from(trials.flat(), inTable);
  /** By dimension and choice, how much likelier a kernel makes its own choice. */
  const gains = prior.weights.map((weights) =>
    Float64Array.from(weights, (share) => 1 + keep / (1 - keep) / share),
  );
  const gain = new Float64Array(width);
  const asked = new Uint16Array(width);
  const elsewhere = (1 - keep) ** width;
  const free = 1 / (1 - keep);
  const together = gainOf(prior);
  return (picks) => {
    let base = elsewhere;
    for (let at = 0; at < width; at++) {
      asked[at] = inTable(picks[at]!);
      const hasMeaning = asked[at] !== NO_MEANING;
      if (!hasMeaning) base *= free;
      gain[at] = hasMeaning ? gains[at]![asked[at]!]! : 1;
    }
    let sum = 0;
    for (let start = 0; start < table.length; start += width) {
      let kernel = 1;
      for (let at = 0; at < width; at++) {
        const own = table[start + at];
        if (own === asked[at]) kernel *= gain[at]!;
        else if (own === NO_MEANING) kernel *= free;
      }
      sum += kernel;
    }
    return (sum * base + weight * together(picks)) / (trials.length + weight);
  };
}
