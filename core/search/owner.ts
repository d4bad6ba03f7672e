import type { Store } from '../store/store.ts';
import type { TrainingPlan } from '../study/plan.ts';
import type { Pretrained } from '../study/pretrained.ts';
import type { LabProblem } from '../base/problem.ts';
import type { Rerun } from '../study/rerun.ts';
import type { Run } from '../study/run.ts';
import type { JobState, Study } from '../study/study.ts';
import { teacherModels, teacherNodes, usualTeacher } from './teachers.ts';

/** The study or re-run that runs belong to. */
export type Owner = { study: number } | { rerun: number };

export const ownerKey = (owner: Owner): string =>
  'study' in owner ? `study ${owner.study}` : `rerun ${owner.rerun}`;

/** The owner of a run; null for pretraining, which may serve many. */
export function ownerOf({ kind, study, rerun }: Run): Owner | null {
  if (kind === 'trial') return { study: study! };
  if (kind === 'repeat') return { rerun: rerun! };
  return null;
}

export const recordOf = (store: Store, owner: Owner): Study | Rerun =>
  'study' in owner ? store.study(owner.study) : store.rerun(owner.rerun);

/** The runs of a study or re-run, without pretraining. */
export const runsOf = (store: Store, owner: Owner, states?: readonly Run['state'][]): Run[] =>
  store.runs({ ...owner, kind: 'study' in owner ? 'trial' : 'repeat', ...(states && { states }) });

export function changeOwner(
  store: Store,
  owner: Owner,
  change: {
    state: JobState;
    problem?: LabProblem | null;
    startedAt?: number;
    endedAt?: number | null;
  },
): void {
  if ('study' in owner) store.changeStudy(owner.study, change);
  else store.changeRerun(owner.rerun, change);
}

export const trainingOf = (record: Study | Rerun): TrainingPlan =>
  'plan' in record ? record.plan.training : record.training;

/** How often a run that crashes is started again. */
export const retriesOf = (record: Study | Rerun): number =>
  'plan' in record ? record.plan.retries : record.retries;

/** Models of which a study or re-run may need a pretrained network. */
export function teachersOf(record: Study | Rerun): string[] {
  if ('plan' in record) return teacherModels(record.plan.space);
  const usual = record.variants
    .flatMap(({ graph }) => teacherNodes(graph))
    .filter((teacher) => teacher.checkpoint === undefined);
  return [...new Set(usual.map((teacher) => teacher.model))];
}

/** Networks that its frozen nodes load or wait for, as far as the store has their records. */
export const usualTeachersOf = (store: Store, record: Study | Rerun): Pretrained[] =>
  teachersOf(record).flatMap((model) => usualTeacher(store, model, trainingOf(record)) ?? []);
