import { problem } from '../base/errors.ts';
import type { LabProblem } from '../base/problem.ts';
import { hasEnded, mayMoveRun } from '../study/moves.ts';
import type { Pretrained } from '../study/pretrained.ts';
import type { Run } from '../study/run.ts';
import type { QueuedPretraining } from './queue.ts';

/** Priority of a network that a person asked for. */
const ASKED = 0;

/** Networks that running studies and re-runs wait for, with the highest priority of those. Pure. */
export function neededNetworks(
  works: Iterable<{ needs: ReadonlySet<number>; priority: number }>,
): Map<number, number> {
  const needed = new Map<number, number>();
  for (const { needs, priority } of works)
    for (const id of needs) needed.set(id, Math.max(priority, needed.get(id) ?? -Infinity));
  return needed;
}

/** What a study or re-run must do to get a network that its frozen nodes load. */
export type TeacherStep =
  | { do: 'nothing'; reason: 'has-weights' }
  | { do: 'wait'; reason: 'is-in-training' }
  | { do: 'retry'; reason: 'its-training-failed' }
  | { do: 'train'; reason: 'never-asked-for' | 'weights-removed' };

/**
 * Decides how a network comes into being. Pure.
 *
 * @param known the lab's usual network of the model, if it has one
 * @param state of the run that makes it, if it has one
 */
export function teacherStep(
  known: Pick<Pretrained, 'checkpoint'> | undefined,
  state: Run['state'] | null,
): TeacherStep {
  if (known && known.checkpoint !== null) return { do: 'nothing', reason: 'has-weights' };
  if (!known) return { do: 'train', reason: 'never-asked-for' };
  if (state === null) return { do: 'train', reason: 'weights-removed' };
  if (!hasEnded(state)) return { do: 'wait', reason: 'is-in-training' };
  return mayMoveRun(state, 'waiting')
    ? { do: 'retry', reason: 'its-training-failed' }
    : { do: 'train', reason: 'weights-removed' };
}

type Network = Pick<Pretrained, 'id' | 'run' | 'asked'>;

/**
 * Splits pretraining runs into those that make a needed network, or one that a person asked for,
 * and the rest. Pure.
 */
export function divideByNeed<PretrainingRun extends Pick<Run, 'id'>>(
  runs: readonly PretrainingRun[],
  networks: readonly Network[],
  needed: Pick<ReadonlySet<number>, 'has'>,
): { needed: PretrainingRun[]; unneeded: PretrainingRun[] } {
  const made = new Set(
    networks.filter(({ id, asked }) => asked || needed.has(id)).map(({ run }) => run),
  );
  return {
    needed: runs.filter(({ id }) => made.has(id)),
    unneeded: runs.filter(({ id }) => !made.has(id)),
  };
}

/**
 * Pretrainings that can start at once, with their priorities. Pure.
 *
 * @param needed priorities by network
 * @param isDelayed true of a run that waits after a failure
 */
export function queuedPretrainings(
  runs: readonly Pick<Run, 'id' | 'state'>[],
  networks: readonly Network[],
  needed: ReadonlyMap<number, number>,
  isDelayed: (run: number) => boolean,
): QueuedPretraining[] {
  const priorityOf = (run: number): number =>
    Math.max(
      ...networks
        .filter((network) => network.run === run)
        .flatMap(({ id, asked }) => [needed.get(id) ?? -Infinity, asked ? ASKED : -Infinity]),
    );
  return divideByNeed(runs, networks, needed)
    .needed.filter(({ id, state }) => state === 'waiting' && !isDelayed(id))
    .map(({ id }) => ({ run: id, priority: priorityOf(id) }));
}

/** Why a study or re-run pauses whose network has not come into being. */
export const teacherFailed = (
  model: string,
  { state, failure }: Pick<Run, 'state' | 'failure'>,
): LabProblem =>
  problem('search.teacher-failed', {
    model,
    state,
    reason: failure ? `: ${failure.message}` : '.',
  });
