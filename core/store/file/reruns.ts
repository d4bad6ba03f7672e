import * as v from 'valibot';
import { checkJobMove, isJobState } from '../../study/moves.ts';
import { seedSchema, textSchema } from '../../study/schema.ts';
import type { TrainingPlan } from '../../study/plan.ts';
import type { Rerun, Variant } from '../../study/rerun.ts';
import type { JobState } from '../../study/study.ts';
import type { Sqlite } from '../sqlite.ts';
import type { RerunStore } from '../store.ts';
import { unknown } from '../refusals.ts';
import { graphRecord, variantNames } from '../transfer/records.ts';
import { decoded, isName, problemIn, readable, requireSound } from './rows.ts';
import { update } from './sql.ts';
import type { Texts } from './texts.ts';

interface RerunRow {
  id: number;
  name: string;
  study: number | null;
  trial: number | null;
  variants: string;
  seeds: string;
  training: number;
  retries: number;
  state: JobState;
  priority: number;
  problem: string | null;
  created_at: number;
  started_at: number | null;
  ended_at: number | null;
}

/** Graphs and seeds of a re-run never change: each text is parsed once. */
const variantLists = new Map<string, Variant[]>();

export const variantsRecord: v.GenericSchema<unknown, Variant[]> = v.pipe(
  v.array(v.strictObject({ name: v.picklist(variantNames), graph: graphRecord, key: textSchema })),
  v.minLength(1),
  v.maxLength(variantNames.length),
);

export const seedsRecord = v.pipe(v.array(seedSchema), v.minLength(1), v.maxLength(100));

/** Throws LabError `store.damaged`. */
function soundRerun(row: RerunRow): Pick<Rerun, 'variants' | 'seeds'> {
  requireSound('rerun', row.id, { name: isName(row.name), state: isJobState(row.state) });
  const variants =
    variantLists.get(row.variants) ?? decoded(variantsRecord, row.variants, 'rerun', row.id);
  variantLists.set(row.variants, variants);
  return { variants, seeds: decoded(seedsRecord, row.seeds, 'rerun', row.id) };
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
  const rerunOf = (row: RerunRow): Rerun => ({
    ...soundRerun(row),
    id: row.id,
    name: row.name,
    study: row.study,
    trial: row.trial,
    training: trainings.at(row.training),
    retries: row.retries,
    state: row.state,
    priority: row.priority,
    problem: problemIn(row.problem, 'rerun', row.id),
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  });
  const rerun = (id: number): Rerun => {
    const row = database.get<RerunRow>(`SELECT * FROM rerun WHERE id = ? AND visible = 'yes'`, id);
    if (!row) throw unknown('rerun', id);
    return rerunOf(row);
  };

  return {
    rerun,
    addRerun: (added) =>
      database.transaction(() => {
        const { name, study, trial, variants, seeds, retries, priority, createdAt } = added;
        const { id } = database.run(
          `INSERT INTO rerun (name, study, trial, variants, seeds, training, retries, state, priority, created_at, visible)
             VALUES (?, ?, ?, ?, ?, ?, ?, 'ready', ?, ?, 'yes')`,
          ...[name, study, trial, JSON.stringify(variants), JSON.stringify(seeds)],
          ...[trainings.idOf(added.training), retries, priority, createdAt],
        );
        return rerun(id);
      }),
    reruns: () =>
      readable(
        database.all<RerunRow>(
          `SELECT rerun.* FROM rerun LEFT JOIN study ON study.id = rerun.study
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
