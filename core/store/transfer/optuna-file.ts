import { LabError, messageOf } from '../../base/errors.ts';
import { APPLICATION_ID } from '../file/schema.ts';
import { openSqlite } from '../sqlite.ts';
import type { Sqlite } from '../sqlite.ts';

/** A study of Optuna's RDB storage, as plain data. */
export interface OptunaStudy {
  name: string;
  /** Whether its values are to become small (errors) or large (accuracies). */
  direction: 'minimize' | 'maximize';
  /** By number. */
  trials: OptunaTrial[];
  /** User attributes of the study. */
  attributes: Map<string, unknown>;
  /** Reports of all trials in order of arrival. */
  reports: OptunaReport[];
}

export interface OptunaReport {
  trial: number;
  step: number;
  value: number;
}

export interface OptunaTrial {
  number: number;
  state: 'COMPLETE' | 'PRUNED' | 'FAIL' | 'RUNNING' | 'WAITING';
  /** Names of all its parameters, of any kind. */
  names: string[];
  /** Categorical parameters with what else they could have been. */
  parameters: Map<string, { value: string; choices: string[] }>;
  /** User attribute `seed`. */
  seed: number | null;
  /** User attribute `graph`: a text form, if this lab has written it. */
  graph: string | null;
  /** Milliseconds since 1970; Optuna notes local time. */
  startedAt: number | null;
  endedAt: number | null;
}

/** A study in a file of Optuna, before it is read. */
export interface OptunaEntry {
  name: string;
  trials: number;
}

/** The studies of a SQLite file of Optuna that have trials. Throws as `readOptuna` does. */
export const listOptuna = (file: string): OptunaEntry[] =>
  withFile(file, (database) => studiesIn(database).map(({ name, trials }) => ({ name, trials })));

/**
 * Reads one study of a SQLite file of Optuna, of any version from 0.13 on.
 *
 * @param wanted name of the study; may be left out where the file holds one
 * @throws LabError `import.not-optuna`, `import.whole-lab`, `import.several-studies`,
 *   `import.no-such-study`, `import.multi-objective`, and what opening a file throws
 */
export const readOptuna = (file: string, wanted?: string): OptunaStudy =>
  withFile(file, (database, tables) => {
    const study = chosen(file, studiesIn(database), wanted);
    const numbers = new Map(
      database
        .all<{ trial_id: number }>(
          'SELECT trial_id FROM trials WHERE study_id = ? ORDER BY trial_id',
          study.id,
        )
        .map(({ trial_id: id }, number) => [id, number]),
    );
    return {
      name: study.name,
      direction: directionOf(database, study, tables),
      trials: trialsOf(database, study.id, numbers, tables.has('trial_user_attributes')),
      attributes: tables.has('study_user_attributes')
        ? attributesOf(database, study.id)
        : new Map(),
      reports: reportsOf(database, numbers, tables.has('trial_intermediate_values')),
    };
  });

/** Opens a file of Optuna that holds trials. */
function withFile<T>(file: string, read: (database: Sqlite, tables: ReadonlySet<string>) => T): T {
  const database = openSqlite(file, { readOnly: true });
  try {
    if (database.value<number>('PRAGMA application_id') === APPLICATION_ID)
      throw new LabError('import.whole-lab', { file });
    const tables = new Set(
      database
        .all<{ name: string }>(`SELECT name FROM sqlite_schema WHERE type = 'table'`)
        .map((row) => row.name),
    );
    const needed = ['studies', 'trials', 'trial_params', 'trial_values'];
    const missing = needed.find((table) => !tables.has(table));
    if (missing !== undefined) throw notOptuna(file, `the table ${missing} is missing`);
    if (studiesIn(database).length === 0) throw notOptuna(file, 'it contains no trial');
    return read(database, tables);
  } catch (error) {
    // Such as a column that is not there.
    throw error instanceof LabError ? error : notOptuna(file, messageOf(error));
  } finally {
    database.close();
  }
}

const notOptuna = (file: string, what: string): LabError =>
  new LabError('import.not-optuna', { file, what });

interface StudyRow extends OptunaEntry {
  id: number;
}

const studiesIn = (database: Sqlite): StudyRow[] =>
  database.all(
    `SELECT studies.study_id AS id, study_name AS name, count(*) AS trials
       FROM studies JOIN trials USING (study_id) GROUP BY study_id ORDER BY study_id`,
  );

function chosen(file: string, studies: readonly StudyRow[], wanted: string | undefined): StudyRow {
  const titles = studies.slice(0, 20).map(({ name, trials }) => `"${name}" (${trials} trials)`);
  const listed = `${titles.join(', ')}${studies.length > titles.length ? ', ...' : ''}`;
  if (wanted === undefined && studies.length > 1)
    throw new LabError('import.several-studies', { file, count: studies.length, listed });
  const found = wanted === undefined ? studies[0] : studies.find(({ name }) => name === wanted);
  if (found) return found;
  throw new LabError('import.no-such-study', { file, wanted: wanted ?? '', listed });
}

/**
 * From version 2 on directions have a table, one row for each objective; before, a study has one.
 */
function directionOf(
  database: Sqlite,
  study: StudyRow,
  tables: ReadonlySet<string>,
): OptunaStudy['direction'] {
  const directions = database
    .all<{ direction: string }>(
      tables.has('study_directions')
        ? 'SELECT direction FROM study_directions WHERE study_id = ?'
        : 'SELECT direction FROM studies WHERE study_id = ?',
      study.id,
    )
    .map(({ direction }) => direction);
  if (directions.length > 1)
    throw new LabError('import.multi-objective', {
      study: study.name,
      objectives: directions.length,
    });
  if (directions[0] === 'MINIMIZE') return 'minimize';
  if (directions[0] === 'MAXIMIZE') return 'maximize';
  throw new LabError('import.not-optuna/direction', { study: study.name });
}

function trialsOf(
  database: Sqlite,
  study: number,
  numbers: ReadonlyMap<number, number>,
  hasAttributes: boolean,
): OptunaTrial[] {
  const trials = database
    .all<{
      trial_id: number;
      state: OptunaTrial['state'];
      datetime_start: string | null;
      datetime_complete: string | null;
    }>(
      'SELECT trial_id, state, datetime_start, datetime_complete FROM trials WHERE study_id = ? ORDER BY trial_id',
      study,
    )
    .map((row): OptunaTrial => ({
      number: numbers.get(row.trial_id)!,
      state: row.state,
      names: [],
      parameters: new Map(),
      seed: null,
      graph: null,
      startedAt: timeOf(row.datetime_start),
      endedAt: timeOf(row.datetime_complete),
    }));
  const parameters = database.all<{
    trial_id: number;
    param_name: string;
    param_value: number;
    distribution_json: string;
  }>(
    'SELECT trial_id, param_name, param_value, distribution_json FROM trial_params ORDER BY param_id',
  );
  // A few texts, thousands of times.
  const known = new Map<string, string[]>();
  for (const row of parameters) {
    const choices = known.get(row.distribution_json) ?? choicesOf(row.distribution_json);
    known.set(row.distribution_json, choices);
    const value = choices[row.param_value];
    const trial = trials[numbers.get(row.trial_id) ?? -1];
    trial?.names.push(row.param_name);
    if (value !== undefined) trial?.parameters.set(row.param_name, { value, choices });
  }
  if (hasAttributes) readAttributes(database, trials, numbers);
  return trials;
}

function readAttributes(
  database: Sqlite,
  trials: readonly OptunaTrial[],
  numbers: ReadonlyMap<number, number>,
): void {
  const rows = database.all<{ trial_id: number; key: string; value: string }>(
    `SELECT trial_id, "key", value_json AS value FROM trial_user_attributes
       WHERE "key" IN ('seed', 'graph')`,
  );
  for (const { trial_id: id, key, value: text } of rows) {
    const trial = trials[numbers.get(id) ?? -1];
    const value = parsed(text);
    if (!trial) continue;
    if (key === 'graph' && typeof value === 'string') trial.graph = value;
    if (key === 'seed' && Number.isSafeInteger(value) && (value as number) >= 0)
      trial.seed = value as number;
  }
}

function attributesOf(database: Sqlite, study: number): Map<string, unknown> {
  const rows = database.all<{ key: string; value: string }>(
    'SELECT "key", value_json AS value FROM study_user_attributes WHERE study_id = ?',
    study,
  );
  return new Map(rows.map(({ key, value }) => [key, parsed(value)]));
}

/** Undefined for what is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Of a categorical distribution; none of anything else. */
function choicesOf(distribution: string): string[] {
  try {
    const { attributes } = JSON.parse(distribution) as { attributes?: { choices?: unknown } };
    return Array.isArray(attributes?.choices) ? attributes.choices.map(String) : [];
  } catch {
    return [];
  }
}

/**
 * Before version 3, reports were kept in `trial_values`; not-a-number is null or has a type of its
 * own.
 */
function reportsOf(
  database: Sqlite,
  numbers: ReadonlyMap<number, number>,
  hasOwnTable: boolean,
): OptunaStudy['reports'] {
  const rows = database.all<{ trial_id: number; step: number; value: number | null }>(
    hasOwnTable
      ? `SELECT trial_id, step, intermediate_value AS value FROM trial_intermediate_values
           ORDER BY trial_intermediate_value_id`
      : 'SELECT trial_id, step, value FROM trial_values ORDER BY trial_value_id',
  );
  return rows.flatMap(({ trial_id: id, step, value }) => {
    const trial = numbers.get(id);
    return trial === undefined ? [] : [{ trial, step, value: value ?? NaN }];
  });
}

function timeOf(text: string | null): number | null {
  const time = text === null ? NaN : Date.parse(text.replace(' ', 'T'));
  return Number.isNaN(time) ? null : time;
}
