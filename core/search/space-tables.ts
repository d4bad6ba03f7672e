import { conditionsOf, settledBy } from '../graph/picks.ts';
import type { Condition } from '../graph/picks.ts';
import { dimensions } from '../graph/space.ts';
import type { Picks } from '../graph/space.ts';
import type { StudyPlan } from '../study/plan.ts';
import { priorOf } from './prior.ts';
import type { Prior } from './samplers/prior.ts';

/** What all draws of a plan have in common. */
interface SpaceTables {
  /** Number of choices of each dimension. */
  readonly sizes: readonly number[];
  readonly conditions: readonly (Condition | null)[];
  readonly settled: (picks: readonly number[]) => Picks;
  readonly prior: Prior | null;
}

const known = new WeakMap<StudyPlan, SpaceTables>();

/** Made once for a plan, which never changes. */
export function spaceTables(plan: StudyPlan): SpaceTables {
  let tables = known.get(plan);
  if (!tables) {
    const conditions = conditionsOf(plan.space);
    tables = {
      sizes: dimensions(plan.space).map(({ choices }) => choices.length),
      conditions,
      settled: settledBy(conditions),
      prior: priorOf(plan),
    };
    known.set(plan, tables);
  }
  return tables;
}
