import * as v from 'valibot';
import { modelSchema } from '../../graph/schema.ts';
import type { TrainingPlan } from '../../study/plan.ts';
import type { Pretrained } from '../../study/pretrained.ts';
import type { Sqlite } from '../sqlite.ts';
import type { PretrainedStore } from '../store.ts';
import { unknown } from '../refusals.ts';
import { readable, requireSound } from './rows.ts';
import { flag, update } from './sql.ts';
import type { Texts } from './texts.ts';

interface PretrainedRow {
  id: number;
  model: string;
  training: number;
  seed: number;
  run: number | null;
  checkpoint: number | null;
  accuracy: number | null;
  source: string;
  asked: number;
  created_at: number;
}

/** Throws LabError `store.damaged`. */
function modelOf({ id, model }: PretrainedRow): string {
  requireSound('pretrained', id, { model: v.is(modelSchema, model) });
  return model;
}

/** Networks trained alone, or imported, whose weights frozen nodes load. */
export function pretrainedIn(
  database: Sqlite,
  trainings: Texts<TrainingPlan>,
  erase: () => void,
): PretrainedStore {
  const pretrainedOf = (row: PretrainedRow): Pretrained => ({
    id: row.id,
    model: modelOf(row),
    training: trainings.at(row.training),
    seed: row.seed,
    run: row.run,
    checkpoint: row.checkpoint,
    accuracy: row.accuracy,
    source: row.source,
    asked: row.asked === 1,
    createdAt: row.created_at,
  });
  const pretrained = (id: number): Pretrained => {
    const row = database.get<PretrainedRow>('SELECT * FROM pretrained WHERE id = ?', id);
    if (!row) throw unknown('pretrained', id);
    return pretrainedOf(row);
  };

  return {
    pretrained,
    addPretrained: ({
      model,
      training,
      seed,
      run,
      checkpoint,
      accuracy,
      source,
      asked,
      createdAt,
    }) =>
      database.transaction(() => {
        const { id } = database.run(
          `INSERT INTO pretrained (model, training, seed, run, checkpoint, accuracy, source, asked, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          ...[
            model,
            trainings.idOf(training),
            seed,
            run,
            checkpoint,
            accuracy,
            source,
            Number(asked),
            createdAt,
          ],
        );
        return pretrained(id);
      }),
    allPretrained: () =>
      readable(database.all<PretrainedRow>('SELECT * FROM pretrained ORDER BY id'), pretrainedOf),
    changePretrained: (id, { run, checkpoint, accuracy, asked }) =>
      database.transaction(() => {
        pretrained(id);
        update(database, 'pretrained', id, { run, checkpoint, accuracy, asked: flag(asked) });
        return pretrained(id);
      }),
    removePretrained(id) {
      database.transaction(() => {
        const { checkpoint } = pretrained(id);
        database.run('DELETE FROM pretrained WHERE id = ?', id);
        database.run(
          `UPDATE checkpoint SET state = 'dropped'
             WHERE id = ? AND id NOT IN (SELECT checkpoint FROM pretrained WHERE checkpoint IS NOT NULL)`,
          checkpoint,
        );
      });
      erase();
    },
  };
}
