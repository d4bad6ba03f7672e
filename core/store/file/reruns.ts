import { checkJobMove } from '../../study/moves.ts';
import type { TrainingPlan } from '../../study/plan.ts';
import { type Rerun, type Variant, rerunSchema } from '../../study/rerun.ts';
import type { Sqlite } from '../sqlite.ts';
import type { RerunStore } from '../store.ts';
import { unknown } from '../refusals.ts';
import { type Row, decoded, jobColumns, readable, readerOf, textColumn } from './rows.ts';
import { update } from './sql.ts';
import type { Texts } from './texts.ts';

const { variants: variantsSchema, seeds: seedsSchema } = rerunSchema.entries;

/** Graphs and seeds of a re-run never change: each text is parsed once. */
const variantLists = new Map<string, Variant[]>();

function variantsOf(text: string, id: number): Variant[] {
  const variants = variantLists.get(text) ?? decoded(variantsSchema, text, 'rerun', id);
  variantLists.set(text, variants);
  return variants;
}

/**
 * Re-runs; their runs are in `runsIn`. `erase` removes a removed re-run's records in small
 * portions.
 */
export function rerunsIn(
  database: Sqlite,
  trainings: Texts<TrainingPlan>,
  erase: (rerun: number) => Promise<void>,
): RerunStore {
  const { columns, read: rerunOf } = readerOf(rerunSchema, {
    table: 'rerun',
    columns: {
      ...jobColumns('rerun'),
      variants: (text, id) => variantsOf(text as string, id),
      seeds: (text, id) => decoded(seedsSchema, text as string, 'rerun', id),
      training: textColumn(trainings),
    },
    checked: ['state'],
  });
  const rerun = (id: number): Rerun => {
    const row = database.get<Row>(
      `SELECT ${columns} FROM rerun WHERE id = ? AND visible = 'yes'`,
      id,
    );
    if (!row) throw unknown('rerun', id);
    return rerunOf(row);
  };

  return {
    rerun,
    addRerun: (added) =>
      database.transaction(() => {
        const { name, study, trial, variants, seeds, retries, priority, createdAt } = added;
        const { id } = database.run(
          `INSERT INTO rerun (name, study, trial, variants, seeds, training, retries, state,
               priority, created_at, visible)
             VALUES (?, ?, ?, ?, ?, ?, ?, 'ready', ?, ?, 'yes')`,
          ...[name, study, trial, JSON.stringify(variants), JSON.stringify(seeds)],
          ...[trainings.idOf(added.training), retries, priority, createdAt],
        );
        return rerun(id);
      }),
    reruns: () =>
      readable(
        database.all<Row>(
          `SELECT ${columns} FROM rerun LEFT JOIN study ON study.id = rerun.study
             WHERE rerun.visible = 'yes' AND study.visible IS NOT 'arriving' ORDER BY rerun.id`,
        ),
        rerunOf,
      ),
    changeRerun: (id, change) =>
      database.transaction(() => {
        const before = rerun(id);
        if (change.state !== undefined && change.state !== before.state)
          checkJobMove(before.state, change.state, `Re-run ${id}`);
        const problem = change.problem && JSON.stringify(change.problem);
        update(database, 'rerun', id, { ...change, problem });
        return rerun(id);
      }),
    async removeRerun(id) {
      if (
        database.run(`UPDATE rerun SET visible = 'leaving' WHERE id = ? AND visible = 'yes'`, id)
          .changes === 0
      )
        throw unknown('rerun', id);
      await erase(id);
    },
  };
}
