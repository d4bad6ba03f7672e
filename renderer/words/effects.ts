/** Effects of the choices of a study in words. */
import { shareText } from '../../core/analysis/audit-words.ts';
import { pointsText } from '../../core/analysis/verdict.ts';
import {
  withGates,
  withModels,
  withLists,
  type Dimension,
  type SearchSpace,
} from '../../core/graph/space.ts';
import type { StudyEffects } from '../../core/lab/api.ts';
import { counted, pValue } from '../ui/format.ts';
import { choiceTitle } from './choices.ts';
import { edgeTitle } from './graph.ts';

type Effect = StudyEffects['effects'][number];

/** An effect that the trials determine, with its interval. */
export interface KnownEffect extends Effect {
  readonly effect: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Accuracies differ by at most 100 points: an interval that reaches as far from its middle says
 * nothing.
 */
const MOST = 1;

/** Effects with an interval, of dimensions with several choices; the largest first. */
export function knownEffects({ effects, dimensions }: StudyEffects): KnownEffect[] {
  return effects
    .filter(
      (each): each is KnownEffect =>
        each.effect !== null &&
        each.low !== null &&
        each.high !== null &&
        (each.high - each.low) / 2 < MOST &&
        dimensions[each.dimension]!.choices.length > 1,
    )
    .sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect));
}

/** Does the 95 % interval exclude 0? */
export const isClear = ({ low, high }: KnownEffect): boolean => low > 0 || high < 0;

/** `2→1`, `Label→1`, `node 2`, `temperature of 2→1` */
export function dimensionText(dimension: Dimension): string {
  if (dimension.kind === 'model') return `node ${dimension.node}`;
  const edge = edgeTitle(dimension);
  return dimension.kind === 'gate' ? edge : `${dimension.kind} of ${edge}`;
}

/** `Correct`, `ResNet110` */
export const choiceText = (dimension: Dimension, choice: number): string =>
  choiceTitle(dimension.kind, dimension.choices[choice]!);

/** `Correct on 2→1`, `ResNet110 at node 2`, `Repel on 2→1`, `temperature 4 on 2→1` */
export function choiceOnText(dimension: Dimension, choice: number): string {
  const text = choiceText(dimension, choice);
  if (dimension.kind === 'model') return `${text} at ${dimensionText(dimension)}`;
  const isNumber = dimension.kind === 'weight' || dimension.kind === 'temperature';
  return `${isNumber ? `${dimension.kind} ` : ''}${text} on ${edgeTitle(dimension)}`;
}

/** `+1.8 ± 0.4 points` */
export const effectText = ({ effect, low, high }: KnownEffect): string => {
  const half = (high - low) / 2;
  const digits = half < 0.0005 ? 2 : 1;
  return `${pointsText(effect, '−', digits)} ± ${(100 * half).toFixed(digits)} points`;
};

/** `Correct on 2→1: +1.8 ± 0.4 points, n = 362` */
export const effectSentence = (effect: KnownEffect, { dimensions }: StudyEffects): string =>
  `${choiceOnText(dimensions[effect.dimension]!, effect.choice)}: ${effectText(effect)}, n = ${effect.count}`;

/** `2→1 and Label→1 interact: p = 0.002` */
export const interactionText = (
  { a, b, adjusted }: StudyEffects['interactions'][number],
  { dimensions }: StudyEffects,
): string =>
  `${dimensionText(dimensions[a]!)} and ${dimensionText(dimensions[b]!)}: p ${pValue(adjusted)}`;

/** `2→1 = Through or Correct` */
export const lockText = (
  { dimension, choices }: StudyEffects['locks'][number],
  { dimensions }: StudyEffects,
): string => {
  const of = dimensions[dimension]!;
  return `${dimensionText(of)} = ${choices.map((choice) => choiceText(of, choice)).join(' or ')}`;
};

/** `Advice: first rung at epoch 4, one in 2 continues; it keeps 92 % of the best 5 %, ...` */
export function adviceText({ audit: { advice } }: StudyEffects): string {
  const { best, trials, good } = advice;
  if (!best) return '';
  return (
    `Advice: first rung at epoch ${best.firstRung}, one in ${best.reduction} continues. It keeps ` +
    `${shareText(best.kept)} of the best 5 % for ${best.epochs.toFixed(1)} epochs a trial ` +
    `(from ${counted(trials, 'complete curve')}, ${good} of them good).`
  );
}

/** The space with the suggested locks of its study. */
export const withLocks = (space: SearchSpace, { locks, dimensions }: StudyEffects): SearchSpace =>
  locks.reduce((next, { dimension, choices }) => {
    const of = dimensions[dimension]!;
    const isKept = (_: string, at: number): boolean => choices.includes(at);
    if (of.kind === 'model') return withModels(next, of.node, of.choices.filter(isKept));
    const { source, destination } = of;
    if (of.kind === 'gate') return withGates(next, source, destination, of.choices.filter(isKept));
    if (of.kind === 'kind')
      return withLists(next, source, destination, { kinds: of.choices.filter(isKept) });
    const numbers = of.choices.filter(isKept).map(Number);
    const list = of.kind === 'weight' ? 'weights' : 'temperatures';
    return withLists(next, source, destination, { [list]: numbers });
  }, space);
