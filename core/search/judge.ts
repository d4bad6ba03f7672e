import { stream } from '../base/random.ts';
import { goalOf } from '../graph/graph.ts';
import type { Store } from '../store/store.ts';
import type { StudyPlan } from '../study/plan.ts';
import type { Run } from '../study/run.ts';
import type { Judge as JudgeOf } from './rules/_base.ts';
import { type Reason, judgeBy } from './rules/rules.ts';

/** A study's rule, and the trials that go on although it stops them. */
export interface Judge extends JudgeOf<Reason> {
  /** Why a trial goes on whatever the rule says; null for one that it may stop. */
  spares(trial: Pick<Run, 'origin' | 'number'>): Spared | null;
}

type Spared = 'starting-point' | 'audit';

/** The rule of a study over all values in its store. */
export const judgeOf = (store: Store, study: number, plan: StudyPlan): Judge => ({
  ...judgeBy(plan.rule, plan.training.epochs, {
    rungValues: (rung) => store.rungValues(study, rung),
    curves: () => countedCurves(store, study, goalOf(plan.space)),
  }),
  spares: (trial) => sparedBy(plan, trial),
});

/**
 * Why a trial goes on whatever the rule says. Which trials are audited follows from the study's
 * seed and their numbers alone: a random share of whatever the rule stops.
 */
function sparedBy(
  { start, audit = 0, seed }: Pick<StudyPlan, 'start' | 'audit' | 'seed'>,
  { origin, number }: Pick<Run, 'origin' | 'number'>,
): Spared | null {
  if (origin !== null && start?.toTheEnd) return 'starting-point';
  return stream(seed, 'audit', number).uniform() < audit ? 'audit' : null;
}

/** Accuracies of a node in all trials, without those after the rule had stopped them. */
function* countedCurves(store: Store, study: number, node: number) {
  const audits = new Map(
    store.runs({ study, kind: 'trial' }).flatMap(({ id, audit }) => (audit ? [[id, audit]] : [])),
  );
  for (const { run, accuracy } of store.curves({ study }))
    yield { run, accuracy: accuracy[node - 1]!.slice(0, audits.get(run)) };
}
