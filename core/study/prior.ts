/** How often choices of a search space are drawn, beside one another: a part of a plan. */
import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
import { type Dimension, dimensions, type SearchSpace } from '../graph/space.ts';
import { fractionSchema, lineSchema } from './fields.ts';

/** Bounds of the weight of a choice. */
export const CHOICE_WEIGHT = { least: 0.001, most: 1000 } as const;

const choiceWeightSchema = v.pipe(
  v.number(),
  v.minValue(CHOICE_WEIGHT.least),
  v.maxValue(CHOICE_WEIGHT.most),
);

/** How likely graphs are before anything is known; unnamed choices are drawn evenly. */
export const priorSchema = v.strictObject({
  /** Share of the graphs with at least one frozen node, where chance makes fewer. */
  frozen: v.exactOptional(fractionSchema),
  /**
   * How often a choice is drawn beside others, which weigh 1; by its name, or by `weight:0.5`,
   * `temperature:4` and the like where several parts of an edge have it.
   */
  weights: v.exactOptional(v.record(lineSchema(100), choiceWeightSchema)),
});

export type StudyPrior = v.InferOutput<typeof priorSchema>;

/**
 * Returns the weight of a choice as a person gave it.
 *
 * @throws LabError `search.choice-weight` outside the bounds
 */
export function choiceWeight(weight: number): number {
  if (!v.is(choiceWeightSchema, weight))
    throw new LabError('search.choice-weight', { weight, ...CHOICE_WEIGHT });
  return weight;
}

/** What a choice is made of: the network of a node, or a part of an edge. */
type ChoiceKind = Dimension['kind'];

/**
 * Names of a choice in the weights of a plan: first with the part that it is a choice of, since 1
 * may be a weight and a temperature, then alone.
 */
const namesOfChoice = (kind: ChoiceKind, choice: string): [own: string, any: string] => [
  `${kind}:${choice}`,
  choice,
];

/** The name that a person reads and writes: alone, but for numbers. */
export const shownNameOf = (kind: ChoiceKind, choice: string): string =>
  namesOfChoice(kind, choice)[kind === 'weight' || kind === 'temperature' ? 0 : 1];

/** Returns the weight of a choice: 1 where a plan names none. */
export function weightOfChoice(
  prior: StudyPrior | undefined,
  kind: ChoiceKind,
  choice: string,
): number {
  const [own, any] = namesOfChoice(kind, choice).map((name) => prior?.weights?.[name]);
  return own ?? any ?? 1;
}

/** Choices of one kind that draws decide between. */
export interface DrawnChoices {
  readonly kind: ChoiceKind;
  readonly choices: readonly string[];
}

/** Returns what is drawn in a space, by kind; a dimension of one choice has nothing to draw. */
export function drawnChoices(space: SearchSpace): DrawnChoices[] {
  const byKind = new Map<ChoiceKind, Set<string>>();
  for (const { kind, choices } of dimensions(space)) {
    if (choices.length < 2) continue;
    const all = byKind.get(kind) ?? new Set();
    for (const choice of choices) all.add(choice);
    byKind.set(kind, all);
  }
  return [...byKind].map(([kind, choices]) => ({ kind, choices: [...choices] }));
}

/** Returns the prior with another weight of a choice; 1 is the usual one and is not named. */
export function withChoiceWeight(
  prior: StudyPrior | undefined,
  { kind, choice, weight }: { kind: ChoiceKind; choice: string; weight: number },
): StudyPrior {
  const { [shownNameOf(kind, choice)]: _before, ...others } = prior?.weights ?? {};
  return withWeights(
    prior,
    weight === 1 ? others : { ...others, [shownNameOf(kind, choice)]: weight },
  );
}

/** Returns the prior without weights of choices that the space does not have. */
export function priorWithin(space: SearchSpace, prior: StudyPrior): StudyPrior {
  const names = new Set(
    dimensions(space).flatMap(({ kind, choices }) =>
      choices.flatMap((choice) => namesOfChoice(kind, choice)),
    ),
  );
  const kept = Object.entries(prior.weights ?? {}).filter(([name]) => names.has(name));
  return withWeights(prior, Object.fromEntries(kept));
}

function withWeights(
  prior: StudyPrior | undefined,
  weights: Readonly<Record<string, number>>,
): StudyPrior {
  const { weights: _before, ...rest } = prior ?? {};
  return Object.keys(weights).length > 0 ? { ...rest, weights } : rest;
}
