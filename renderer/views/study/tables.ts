/** Tables of a study as CSV, with what its numbers were made by in every row. */
import type { TrialRow, WireDecision } from '../../../core/lab/api.ts';
import { machinesText } from '../../../core/study/place.ts';
import { toCsv } from '../../client/table.ts';
import { columnsOf, type Judging } from '../../words/trial-columns.ts';

type Provenance = Readonly<Record<string, unknown>>;

/** Trials in the given order, with all columns of their study. */
export function trialsCsv(rows: readonly TrialRow[], study: Judging, made: Provenance): string {
  const columns = columnsOf(study);
  return toCsv(
    columns.map(({ title }) => title),
    rows.map((row) => columns.map(({ value, saved = value }) => saved(row))),
    made,
  );
}

/** The decisions of the rule in the order in which they were made. */
export const decisionsCsv = (
  decisions: readonly (WireDecision & { run: number })[],
  byRun: ReadonlyMap<number, TrialRow>,
  made: Provenance,
): string =>
  toCsv(
    ['trial', 'epoch', 'accuracy', 'rank', 'of', 'top', 'continued', 'machines'],
    decisions.map(({ run, rung, value, rank, n, limit, go }) => [
      byRun.get(run)?.number,
      ...[rung, value, rank, n, limit],
      go ? 'yes' : 'no',
      machinesText(byRun.get(run)?.machines),
    ]),
    made,
  );
