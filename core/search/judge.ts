import type { Store } from '../store/store.ts';
import type { StudyPlan } from '../study/plan.ts';
import type { Judge as JudgeOf } from './rules/_base.ts';
import { type Reason, judgeBy } from './rules/rules.ts';

export type Judge = JudgeOf<Reason>;

/** The rule of a study over all values in its store. */
export const judgeOf = (store: Store, study: number, plan: StudyPlan): Judge =>
  judgeBy(plan.rule, plan.training.epochs, {
    rungValues: (rung) => store.rungValues(study, rung),
    curves: () =>
      store.curves({ study }).map(({ run, accuracy }) => ({ run, accuracy: accuracy[0]! })),
  });
