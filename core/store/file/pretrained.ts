import type { TrainingPlan } from '../../study/plan.ts';
import { type Pretrained, pretrainedSchema } from '../../study/pretrained.ts';
import type { Sqlite } from '../sqlite.ts';
import type { PretrainedStore } from '../store.ts';
import { unknown } from '../refusals.ts';
import { type Row, flagColumn, readable, readerOf, textColumn } from './rows.ts';
import { flag, update } from './sql.ts';
import type { Texts } from './texts.ts';

/** Networks trained alone, or imported, whose weights frozen nodes load. */
export function pretrainedIn(
  database: Sqlite,
  trainings: Texts<TrainingPlan>,
  erase: () => void,
): PretrainedStore {
  const { columns, read: pretrainedOf } = readerOf(pretrainedSchema, {
    table: 'pretrained',
    columns: { training: textColumn(trainings), asked: flagColumn },
    checked: ['model'],
  });
  const pretrained = (id: number): Pretrained => {
    const row = database.get<Row>(`SELECT ${columns} FROM pretrained WHERE id = ?`, id);
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
      readable(database.all<Row>(`SELECT ${columns} FROM pretrained ORDER BY id`), pretrainedOf),
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
