import type { AuditedTrial } from '../analysis/audit.ts';
import { rungAdvice } from '../analysis/rung-choice.ts';
import type { RungAdvice } from '../analysis/rung-choice.ts';
import { goalOf } from '../graph/graph.ts';
import type { Store } from '../store/store.ts';
import { type StudyPlan, courseOf } from '../study/plan.ts';
import type { Run } from '../study/run.ts';
import type { Study } from '../study/study.ts';
import { rungsOf } from './rules/rules.ts';

/** A trial as an audit of its study's rule sees it. */
export function auditedTrial(store: Store, run: Run, rungs: readonly number[]): AuditedTrial {
  const { id, graph, epoch, training, state, audit, origin } = run;
  const curve = store.curve(id)[goalOf(graph) - 1] ?? [];
  const seen = rungs
    .filter((rung) => rung <= epoch)
    .map((rung) => [rung, curve[rung - 1]!] as const);
  return {
    values: new Map(seen),
    end: epoch === training.epochs ? curve[epoch - 1]! : null,
    stoppedAt: audit ?? (state === 'stopped' ? epoch : null),
    curve,
    isSpared: origin !== null && wasSpared(store, id),
  };
}

const wasSpared = (store: Store, run: number): boolean =>
  store.decisions({ run }).some(({ reason }) => reason.kind === 'starting-point');

/** What an earlier study of this lab says about stopping rules for a training. */
export interface EarlierAdvice {
  study: Pick<Study, 'id' | 'name'>;
  advice: RungAdvice;
}

/** Most trials that are read for it: a preview is made at every change of the form. */
const READ = 300;

/** Advice by study, read again when the study has more trials. */
const remembered = new WeakMap<Store, Map<number, { trials: number; advice: RungAdvice }>>();

/**
 * What the last study of the same training says that knows enough whole courses; null when none
 * does.
 */
export function earlierAdvice(store: Store, plan: StudyPlan): EarlierAdvice | null {
  const wanted = courseOf(plan.training);
  const studies =
    remembered.get(store) ?? new Map<number, { trials: number; advice: RungAdvice }>();
  remembered.set(store, studies);
  for (const { id, name, plan: earlier } of store.studies().toReversed()) {
    if (courseOf(earlier.training) !== wanted) continue;
    const ids = store.runIds({ study: id, kind: 'trial', states: ['completed', 'stopped'] });
    const known = studies.get(id);
    const advice =
      known?.trials === ids.length ? known.advice : adviceFrom(store, earlier, ids.slice(-READ));
    studies.set(id, { trials: ids.length, advice });
    if (advice.best) return { study: { id, name }, advice };
  }
  return null;
}

function adviceFrom(
  store: Store,
  { rule, training }: StudyPlan,
  ids: readonly number[],
): RungAdvice {
  const rungs = rungsOf(rule, training.epochs);
  const trials = ids.map((id) => auditedTrial(store, store.run(id), rungs));
  return rungAdvice(trials, training.epochs);
}
