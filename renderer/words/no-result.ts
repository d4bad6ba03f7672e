import type { LabProblem, TrialRow } from '../../core/lab/api.ts';
import { counted } from '../ui/format.ts';
import { reasonOf } from './trial-columns.ts';

/**
 * Why a study whose trials have all ended has nothing to show: the most frequent end, and its next
 * step. Null when it has something, or may have.
 */
export function noResult(rows: readonly TrialRow[]): Omit<LabProblem, 'code'> | null {
  if (rows.length === 0 || rows.some((row) => row.accuracy !== null || row.endedAt === null))
    return null;
  const ends = new Map<string, TrialRow[]>();
  for (const row of rows) ends.set(reasonOf(row), [...(ends.get(reasonOf(row)) ?? []), row]);
  const [reason, most] = [...ends].reduce((a, b) => (b[1].length > a[1].length ? b : a));
  const { next, steps } = adviceFor(most[0]!);
  return {
    message:
      `None of ${counted(rows.length, 'trial')} has a result. ` +
      `${most.length === rows.length ? 'All' : `${most.length} of them`}: ${reason}`,
    next,
    ...(steps && { steps }),
  };
}

function adviceFor({ state, failure }: TrialRow): Pick<LabProblem, 'next' | 'steps'> {
  if (failure?.next) return failure;
  return {
    next:
      state === 'cancelled'
        ? 'Resume the study to continue its trials.'
        : 'Look at the losses of a trial; a lower learning rate or fewer open edges may help.',
  };
}
