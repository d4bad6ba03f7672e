/** Effects of the choices of a study in words. */
import { gate as gateOf, isGateName } from '../../core/gates/gates.ts';
import { withGates, withModels, type Dimension, type SearchSpace } from '../../core/graph/space.ts';
import type { StudyEffects } from '../../core/lab/api.ts';
import { architecture } from '../../core/models/architecture.ts';
import { pValue } from '../ui/format.ts';

type Effect = StudyEffects['effects'][number];

/** An effect that the trials determine, with its interval. */
export interface KnownEffect extends Effect {
  readonly effect: number;
  readonly low: number;
  readonly high: number;
}

/** Effects with an interval, of dimensions with several choices; the largest first. */
export function knownEffects({ effects, dimensions }: StudyEffects): KnownEffect[] {
  return effects
    .filter(
      (each): each is KnownEffect =>
        each.effect !== null &&
        each.low !== null &&
        each.high !== null &&
        dimensions[each.dimension]!.choices.length > 1,
    )
    .sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect));
}

/** Does the 95 % interval exclude 0? */
export const isClear = ({ low, high }: KnownEffect): boolean => low > 0 || high < 0;

/** `2→1`, `Label→1`, `node 2` */
export const dimensionText = (dimension: Dimension): string =>
  dimension.kind === 'model'
    ? `node ${dimension.node}`
    : `${dimension.source === 0 ? 'Label' : dimension.source}→${dimension.destination}`;

/** `Correct`, `ResNet110` */
export const choiceText = (dimension: Dimension, choice: number): string => {
  const name = dimension.choices[choice]!;
  return isGateName(name) ? gateOf(name).title : architecture(name).title;
};

/** `Correct on 2→1`, `ResNet110 at node 2` */
export const choiceOnText = (dimension: Dimension, choice: number): string =>
  `${choiceText(dimension, choice)} ${dimension.kind === 'model' ? 'at' : 'on'} ${dimensionText(dimension)}`;

/** Percentage points with a sign: `+1.8` */
export const pointsText = (fraction: number, digits = 1): string =>
  `${fraction < 0 ? '−' : '+'}${Math.abs(100 * fraction).toFixed(digits)}`;

/** `+1.8 ± 0.4 points` */
export const effectText = ({ effect, low, high }: KnownEffect): string => {
  const half = (high - low) / 2;
  const digits = half < 0.0005 ? 2 : 1;
  return `${pointsText(effect, digits)} ± ${(100 * half).toFixed(digits)} points`;
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

/** The space with the suggested locks of its study. */
export const withLocks = (space: SearchSpace, { locks, dimensions }: StudyEffects): SearchSpace =>
  locks.reduce((next, { dimension, choices }) => {
    const of = dimensions[dimension]!;
    const isKept = (_: string, at: number): boolean => choices.includes(at);
    return of.kind === 'model'
      ? withModels(next, of.node, of.choices.filter(isKept))
      : withGates(next, of.source, of.destination, of.choices.filter(isKept));
  }, space);
