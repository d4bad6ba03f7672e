import { LabError } from '../base/errors.ts';
import type { Store } from '../store/store.ts';
import { withoutPlace } from '../study/plan.ts';
import type { Run } from '../study/run.ts';
import type { Job, WeightsSource } from './runner.ts';
import { teacherFor, teacherNodes } from './teachers.ts';
import type { Work } from './work.ts';

/**
 * The job of a run for its worker.
 *
 * @throws LabError `search.teacher-*` when a frozen node has no weights
 */
export function jobFor(
  store: Store,
  run: Run,
  attempt: number,
  work: Work | null,
  checkpointEvery: number,
): Job {
  const checkpoint = attempt > 1 ? store.checkpointOf(run.id) : undefined;
  return {
    run: run.id,
    attempt,
    title: titleOf(run, work),
    graph: run.graph,
    seed: run.seed,
    training: withoutPlace(run.training),
    rungs: work?.judge?.rungs ?? [],
    resume: checkpoint?.purpose === 'resume' ? weightsOf(store, checkpoint.id) : null,
    teachers: teacherNodes(run.graph).map((teacher) => {
      const pretrained = teacherFor(store, teacher, run.training);
      if (pretrained?.checkpoint == null) throw noTeacher(teacher.model);
      return { node: teacher.node, weights: weightsOf(store, pretrained.checkpoint) };
    }),
    checkpointEvery,
  };
}

function weightsOf(store: Store, id: number): WeightsSource {
  const { epoch, bytes, sha256, run } = store.checkpoint(id);
  return {
    epoch,
    bytes,
    sha256,
    async *chunks() {
      try {
        yield* store.readCheckpoint(id);
      } catch (error) {
        // Damaged on the disk: without it the run starts again from its first epoch.
        if (error instanceof LabError && error.code === 'store.checkpoint-damaged' && run !== null)
          store.dropCheckpoint(id);
        throw error;
      }
    },
  };
}

/** `Study "M3", trial 17` */
function titleOf(run: Run, work: Work | null): string {
  if (run.kind === 'pretrain') return `Pretraining of ${run.graph.nodes[0]!.model}`;
  const what =
    run.kind === 'trial' ? `trial ${run.number}` : `${run.variant}, seed ${run.number + 1}`;
  return work ? `${work.title}, ${what}` : what;
}

const noTeacher = (model: string): LabError => new LabError('search.teacher-missing', { model });

/** True for an error of `jobFor` that says that a frozen node has no weights. */
export const isTeacherProblem = (error: unknown): boolean =>
  error instanceof LabError && error.code.startsWith('search.teacher-');
