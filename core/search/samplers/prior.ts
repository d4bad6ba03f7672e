import type { RandomStream } from '../../base/random.ts';

/**
 * How likely the settings of a space are before anything is known. Every choice is drawn by its
 * weight; a mixture of it fixes all choices of one group, so that combinations come up that single
 * draws hardly make (a node whose incoming edges are all Cutoff).
 */
export interface Prior {
  /** By dimension and choice; each dimension sums to 1, and no weight is 0. */
  readonly weights: readonly (readonly number[])[];
  readonly groups: readonly Group[];
  /** Share of the draws that fix one of the groups, each as often. */
  readonly share: number;
}

/** Choices that come together: one for each of some dimensions. */
export type Group = readonly { readonly dimension: number; readonly choice: number }[];

/** Every choice as likely as the others. */
export const uniformPrior = (sizes: readonly number[]): Prior => ({
  weights: sizes.map((size) => new Array<number>(size).fill(1 / size)),
  groups: [],
  share: 0,
});

/** Draws one choice by its weight. */
export function drawChoice(weights: readonly number[], random: RandomStream): number {
  let rest = random.uniform();
  for (const [choice, weight] of weights.entries()) {
    rest -= weight;
    if (rest < 0) return choice;
  }
  return weights.length - 1;
}

/** Draws a setting: one choice per dimension. */
export function drawSetting({ weights, groups, share }: Prior, random: RandomStream): number[] {
  const picks = weights.map((each) => drawChoice(each, random));
  if (groups.length > 0 && random.uniform() < share)
    for (const { dimension, choice } of groups[random.below(groups.length)]!)
      picks[dimension] = choice;
  return picks;
}

/** How much likelier a setting is than if each of its choices were drawn by its weight alone. */
export function gainOf({
  weights,
  groups,
  share,
}: Prior): (picks: readonly (number | null)[]) => number {
  const gains = groups.map((group) =>
    group.reduce((gain, { dimension, choice }) => gain / weights[dimension]![choice]!, 1),
  );
  return (picks) => {
    let sum = 0;
    for (const [at, group] of groups.entries())
      if (group.every(({ dimension, choice }) => picks[dimension] === choice)) sum += gains[at]!;
    return 1 - share + (groups.length === 0 ? share : (share * sum) / groups.length);
  };
}

/** Probability that single draws by weight make at least one of the groups; they share nothing. */
export const chanceOf = (weights: Prior['weights'], groups: readonly Group[]): number =>
  1 -
  groups.reduce(
    (none, group) =>
      none *
      (1 - group.reduce((all, { dimension, choice }) => all * weights[dimension]![choice]!, 1)),
    1,
  );
