import * as v from 'valibot';
import { type StudyPlan, studyPlanSchema } from '../../study/plan.ts';
import { checkJobMove, isRunState } from '../../study/moves.ts';
import { noTrials, studySchema } from '../../study/study.ts';
import type { Rejection, Study, TrialCounts } from '../../study/study.ts';
import type { Sqlite } from '../sqlite.ts';
import type { StudyStore } from '../store.ts';
import { duplicateRejection, unknown } from '../refusals.ts';
import {
  type Row,
  damagedRow,
  decoded,
  jobColumns,
  readable,
  readerOf,
  wordsColumn,
} from './rows.ts';
import { update } from './sql.ts';

/**
 * Studies and what was rejected in them; `erase` removes a removed study's records in small
 * portions.
 */
export function studiesIn(database: Sqlite, erase: (study: number) => Promise<void>): StudyStore {
  const study = (id: number): Study => {
    const row = database.get<Row>(
      `SELECT ${COLUMNS} FROM study WHERE id = ? AND visible IN ('yes', 'arriving')`,
      id,
    );
    if (!row) throw unknown('study', id);
    return studyOf(row);
  };

  return {
    study,
    addStudy({ name, plan, priority, notes, tags = [], createdAt }, hidden) {
      const { trials, ...fixed } = plan;
      const { id } = database.run(
        `INSERT INTO study (name, plan, trials, state, priority, notes, tags, created_at, visible)
         VALUES (?, ?, ?, 'ready', ?, ?, ?, ?, ?)`,
        ...[
          name,
          JSON.stringify(fixed),
          trials,
          priority,
          notes,
          tags.join(' '),
          createdAt,
          hidden ? 'arriving' : 'yes',
        ],
      );
      return study(id);
    },
    showStudy(id) {
      if (database.run(`UPDATE study SET visible = 'yes' WHERE id = ?`, id).changes === 0)
        throw unknown('study', id);
    },
    studies: () =>
      readable(
        database.all<Row>(`SELECT ${COLUMNS} FROM study WHERE visible = 'yes' ORDER BY id`),
        studyOf,
      ),
    changeStudy(id, change) {
      return database.transaction(() => {
        const before = study(id);
        if (change.state !== undefined && change.state !== before.state)
          checkJobMove(before.state, change.state, `Study ${id}`);
        const problem = change.problem && JSON.stringify(change.problem);
        const tags = change.tags?.join(' ');
        update(database, 'study', id, { ...change, problem, tags });
        return study(id);
      });
    },
    async removeStudy(id) {
      if (
        database.run(
          `UPDATE study SET visible = iif(visible = 'arriving', 'aborted', 'leaving')
           WHERE id = ? AND visible IN ('yes', 'arriving')`,
          id,
        ).changes === 0
      )
        throw unknown('study', id);
      await erase(id);
    },
    addRejection({ study, trial, draw, key, reason }) {
      const { changes } = database.run(
        'INSERT INTO rejection VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
        ...[study, trial, draw, key, reason],
      );
      if (changes === 0) throw duplicateRejection(trial, draw);
    },
    rejections: (id) =>
      database.all<Rejection>('SELECT * FROM rejection WHERE study = ? ORDER BY trial, draw', id),
    trialCounts(id) {
      const counts: TrialCounts = { ...noTrials };
      const rows = database.all<{ state: string; count: number }>(
        `SELECT state, count(*) AS count FROM run WHERE study = ? AND kind = 'trial' GROUP BY state`,
        id,
      );
      for (const { state, count } of rows)
        if (isRunState(state))
          counts[state === 'out-of-memory' ? 'outOfMemory' : (state as never)] = count;
      return counts;
    },
  };
}

/** Plans never change but for their trials: each is parsed once. */
const plans = new Map<string, StudyPlan>();

function planOf(text: string, id: number): StudyPlan {
  const known = plans.get(text);
  if (known) return known;
  const plan = decoded(planRecord, text, 'study', id);
  plans.set(text, plan);
  return plan;
}

/** As in the column: the number of trials has one of its own. */
export const planRecord = v.pipe(
  v.looseObject({}),
  v.transform((fixed): unknown => ({ ...fixed, trials: 1 })),
  studyPlanSchema,
);

const studies = readerOf(studySchema, {
  table: 'study',
  columns: {
    ...jobColumns('study'),
    plan: (text, id) => planOf(text as string, id),
    tags: wordsColumn,
  },
  checked: ['state'],
});

const COLUMNS = `${studies.columns}, study.trials`;

/** Throws LabError `store.damaged`. */
function studyOf({ trials, ...row }: Row): Study {
  const study = studies.read(row);
  if (!Number.isSafeInteger(trials))
    throw damagedRow('study', study.id, 'trials is not a whole number');
  return { ...study, plan: { ...study.plan, trials: trials as number } };
}
