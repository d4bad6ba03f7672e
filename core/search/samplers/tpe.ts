import * as v from 'valibot';
import type { RandomStream } from '../../base/random.ts';
import { dimensions } from '../../graph/space.ts';
import type { Question, Sampler } from './_base.ts';

/** Trials that are drawn at random before the first is proposed. */
const STARTUP = 10;
/** Proposals of which the most promising is taken. */
const CANDIDATES = 24;

const schema = v.literal('tpe');

/** Draws near good trials. */
export const tpe = {
  name: 'tpe',
  schema,
  title: 'near good ones (TPE)',
  learns: true,
  propose,
} as const satisfies Sampler<v.InferOutput<typeof schema>>;

/**
 * Tree-structured Parzen estimator for categorical choices (Bergstra et al., NeurIPS 2011; sizes as in Optuna's TPESampler):
 * each dimension's choices are drawn as often as good trials have them, and of some proposals the one is taken that good
 * trials have most often compared with the others. Costs the same however many trials there are.
 */
function propose({ space, past, random }: Question): number[] {
  const choices = dimensions(space).map((dimension) => dimension.choices.length);
  if (past.size < STARTUP) return choices.map((count) => random.below(count));
  const { good } = past;
  const goodWith = (at: number, choice: number): number =>
    good.filter(({ picks }) => picks[at] === choice).length;
  const likely = sharesOf(choices, good.length, goodWith);
  const unlikely = sharesOf(
    choices,
    past.size - good.length,
    (at, choice) => past.count(at, choice) - goodWith(at, choice),
  );

  let best: { picks: number[]; promise: number } | undefined;
  for (let candidate = 0; candidate < CANDIDATES; candidate++) {
    const picks = likely.map((shares) => drawn(shares, random));
    const promise = picks.reduce(
      (sum, pick, at) => sum + Math.log(likely[at]![pick]! / unlikely[at]![pick]!),
      0,
    );
    if (!best || promise > best.promise) best = { picks, promise };
  }
  return best!.picks;
}

/** How often each choice of each dimension comes up, with one more trial that had all choices in equal parts. */
const sharesOf = (
  choices: readonly number[],
  trials: number,
  countOf: (dimension: number, choice: number) => number,
): number[][] =>
  choices.map((count, at) =>
    Array.from({ length: count }, (_, choice) => (countOf(at, choice) + 1 / count) / (trials + 1)),
  );

function drawn(shares: readonly number[], random: RandomStream): number {
  let rest = random.uniform();
  for (const [choice, share] of shares.entries()) {
    rest -= share;
    if (rest < 0) return choice;
  }
  return shares.length - 1;
}
