import { problemOf } from '../base/errors.ts';
import type { LabProblem } from '../base/problem.ts';
import { isDamaged } from '../store/refusals.ts';
import type { Store } from '../store/store.ts';
import { type Owner, runsOf } from './owner.ts';
import { lastSign } from './recovery.ts';

const OPEN = ['waiting', 'running'] as const;

/**
 * Fails the runs of a study or re-run that have not ended and whose records cannot be read, so that
 * it goes on without them. Returns why.
 */
export function failDamaged(store: Store, owner: Owner): { run: number; problem: LabProblem }[] {
  const sound = new Set(runsOf(store, owner, OPEN).map(({ id }) => id));
  const kind = 'study' in owner ? 'trial' : 'repeat';
  const others = store.runIds({ ...owner, kind, states: OPEN }).filter((id) => !sound.has(id));
  return others.flatMap((run) => {
    const problem = damageOf(() => store.run(run));
    if (!problem) return [];
    fail(store, run, problem);
    return [{ run, problem }];
  });
}

function fail(store: Store, run: number, problem: LabProblem): void {
  const attempt = store.attempts({ run }).at(-1);
  const endedAt = attempt ? lastSign(store, attempt) : null;
  store.transaction(() => {
    const failure = { kind: 'data' as const, ...problem, epoch: 1 };
    store.changeRun(run, { state: 'failed', failure, endedAt });
    if (attempt && endedAt !== null)
      store.changeAttempt(run, attempt.number, { endedAt, outcome: 'data' });
  });
}

function damageOf(read: () => unknown): LabProblem | null {
  try {
    read();
    return null;
  } catch (error) {
    if (!isDamaged(error)) throw error;
    return problemOf(error);
  }
}
