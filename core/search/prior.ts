import { problem } from '../base/errors.ts';
import type { LabProblem } from '../base/problem.ts';
import { TARGET } from '../graph/graph.ts';
import { dimensions } from '../graph/space.ts';
import type { Dimension, SearchSpace } from '../graph/space.ts';
import type { StudyPlan } from '../study/plan.ts';
import { priorWithin, shownNameOf, weightOfChoice } from '../study/prior.ts';
import { type Group, type Prior, chanceOf } from './samplers/prior.ts';

type Weighed = Pick<StudyPlan, 'space' | 'prior'>;

/**
 * How likely the settings of a study's space are before anything is known: the weights of its plan,
 * and the wanted share of graphs with a frozen node. null without wishes: every choice as likely.
 */
export function priorOf({ space, prior }: Weighed): Prior | null {
  if (!prior) return null;
  const weights = dimensions(space).map((dimension) => {
    const all = dimension.choices.map((choice) => weightOfChoice(prior, dimension.kind, choice));
    const sum = all.reduce((total, weight) => total + weight, 0);
    return all.map((weight) => weight / sum);
  });
  const groups = space.frozen ? freezing(space) : [];
  const byChance = chanceOf(weights, groups);
  const wanted = prior.frozen ?? 0;
  const share = groups.length > 0 && wanted > byChance ? (wanted - byChance) / (1 - byChance) : 0;
  return { weights, groups, share };
}

/** By auxiliary node that may be frozen, the choices that freeze it: Cutoff on every edge into it. */
function freezing(space: SearchSpace): Group[] {
  const all = dimensions(space);
  const into = (node: number): Group =>
    all.flatMap((dimension, at) =>
      isEdgeInto(dimension, node)
        ? [{ dimension: at, choice: dimension.choices.indexOf('cutoff') }]
        : [],
    );
  return space.nodes
    .map((_, index) => index + 1)
    .filter((node) => node !== TARGET)
    .map(into)
    .filter((group) => group.every(({ choice }) => choice >= 0));
}

const isEdgeInto = (
  dimension: Dimension,
  node: number,
): dimension is Dimension & { kind: 'gate' } =>
  dimension.kind === 'gate' && dimension.destination === node;

/** Weights of choices that a space does not have: probably mistyped. */
export function unknownWeights({ space, prior }: Weighed): LabProblem[] {
  const known = prior ? priorWithin(space, prior).weights : {};
  const shown = new Set(
    dimensions(space).flatMap(({ kind, choices }) =>
      choices.map((choice) => shownNameOf(kind, choice)),
    ),
  );
  return Object.keys(prior?.weights ?? {})
    .filter((choice) => known?.[choice] === undefined)
    .map((choice) =>
      problem('search.weight-unknown', { choice, known: [...shown].sort().join(', ') }),
    );
}
