import { openSqlite } from '../sqlite.ts';
import type { Sqlite } from '../sqlite.ts';
import type { Portions } from '../portions.ts';
import type { OptunaTrial } from './optuna-file.ts';

/** A trial as a file of Optuna has it. */
export interface WrittenTrial extends Pick<
  OptunaTrial,
  'number' | 'state' | 'parameters' | 'startedAt' | 'endedAt'
> {
  /** The objective; null where there is none. */
  value: number | null;
  attributes: Readonly<Record<string, unknown>>;
  /** By step, from 1 on; not-a-number stays so. */
  reports: readonly number[];
  /** Rank of each report among those of all trials, from 1 on: Optuna's order of arrival. */
  arrivals: readonly number[];
}

export interface WrittenStudy {
  name: string;
  attributes: Readonly<Record<string, unknown>>;
}

/** Schema of Optuna's RDB storage from 3.2 to 5.0, as Optuna 5.0.0 creates it. */
const SCHEMA = `
  CREATE TABLE studies (study_id INTEGER NOT NULL, study_name VARCHAR(512) NOT NULL, PRIMARY KEY (study_id));
  CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);
  CREATE TABLE version_info (version_info_id INTEGER NOT NULL, schema_version INTEGER, library_version VARCHAR(256),
    PRIMARY KEY (version_info_id), CHECK (version_info_id=1));
  CREATE TABLE study_directions (study_direction_id INTEGER NOT NULL, direction VARCHAR(8) NOT NULL,
    study_id INTEGER NOT NULL, objective INTEGER NOT NULL, PRIMARY KEY (study_direction_id),
    UNIQUE (study_id, objective), FOREIGN KEY(study_id) REFERENCES studies (study_id));
  CREATE TABLE study_user_attributes (study_user_attribute_id INTEGER NOT NULL, study_id INTEGER, "key" VARCHAR(512),
    value_json TEXT, PRIMARY KEY (study_user_attribute_id), UNIQUE (study_id, "key"),
    FOREIGN KEY(study_id) REFERENCES studies (study_id));
  CREATE TABLE study_system_attributes (study_system_attribute_id INTEGER NOT NULL, study_id INTEGER,
    "key" VARCHAR(512), value_json TEXT, PRIMARY KEY (study_system_attribute_id), UNIQUE (study_id, "key"),
    FOREIGN KEY(study_id) REFERENCES studies (study_id));
  CREATE TABLE trials (trial_id INTEGER NOT NULL, number INTEGER, study_id INTEGER, state VARCHAR(8) NOT NULL,
    datetime_start DATETIME, datetime_complete DATETIME, PRIMARY KEY (trial_id),
    FOREIGN KEY(study_id) REFERENCES studies (study_id));
  CREATE INDEX ix_trials_study_id ON trials (study_id);
  CREATE TABLE trial_user_attributes (trial_user_attribute_id INTEGER NOT NULL, trial_id INTEGER, "key" VARCHAR(512),
    value_json TEXT, PRIMARY KEY (trial_user_attribute_id), UNIQUE (trial_id, "key"),
    FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
  CREATE TABLE trial_system_attributes (trial_system_attribute_id INTEGER NOT NULL, trial_id INTEGER,
    "key" VARCHAR(512), value_json TEXT, PRIMARY KEY (trial_system_attribute_id), UNIQUE (trial_id, "key"),
    FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
  CREATE TABLE trial_params (param_id INTEGER NOT NULL, trial_id INTEGER, param_name VARCHAR(512), param_value FLOAT,
    distribution_json TEXT, PRIMARY KEY (param_id), UNIQUE (trial_id, param_name),
    FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
  CREATE TABLE trial_values (trial_value_id INTEGER NOT NULL, trial_id INTEGER NOT NULL, objective INTEGER NOT NULL,
    value FLOAT, value_type VARCHAR(7) NOT NULL, PRIMARY KEY (trial_value_id), UNIQUE (trial_id, objective),
    FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
  CREATE TABLE trial_intermediate_values (trial_intermediate_value_id INTEGER NOT NULL, trial_id INTEGER NOT NULL,
    step INTEGER NOT NULL, intermediate_value FLOAT, intermediate_value_type VARCHAR(7) NOT NULL,
    PRIMARY KEY (trial_intermediate_value_id), UNIQUE (trial_id, step),
    FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
  CREATE TABLE trial_heartbeats (trial_heartbeat_id INTEGER NOT NULL, trial_id INTEGER NOT NULL,
    heartbeat DATETIME NOT NULL, PRIMARY KEY (trial_heartbeat_id), UNIQUE (trial_id),
    FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
  CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
  INSERT INTO version_info VALUES (1, 12, '5.0.0');
  INSERT INTO alembic_version VALUES ('v3.2.0.a');`;

/** The only study of a file. */
const STUDY = 1;

/**
 * Writes a study, to be maximised, as an SQLite file that Optuna 5 opens (`sqlite:///FILE`).
 *
 * @param file where nothing is yet
 * @param count of trials, made one after the other so that none of them stays in memory
 */
export async function writeOptuna(
  file: string,
  { name, attributes }: WrittenStudy,
  count: number,
  trialAt: (number: number) => WrittenTrial,
  portions: Portions,
): Promise<void> {
  const database = openSqlite(file);
  try {
    // A file that is not complete is thrown away, so nothing in it needs to survive a crash.
    database.execute('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;');
    database.execute(`${SCHEMA} BEGIN;`);
    database.run('INSERT INTO studies VALUES (?, ?)', STUDY, name);
    database.run(`INSERT INTO study_directions VALUES (1, 'MAXIMIZE', ?, 0)`, STUDY);
    for (const [key, value] of Object.entries(attributes))
      database.run(
        'INSERT INTO study_user_attributes (study_id, "key", value_json) VALUES (?, ?, ?)',
        ...[STUDY, key, JSON.stringify(value)],
      );
    await portions.map(
      Array.from({ length: count }, (_, number) => number),
      (number) => {
        insertTrial(database, trialAt(number));
      },
    );
    database.execute('COMMIT');
  } finally {
    database.close();
  }
}

function insertTrial(database: Sqlite, trial: WrittenTrial): void {
  const { number, state, startedAt, endedAt, value, attributes, parameters } = trial;
  const id = number + 1;
  database.run(
    'INSERT INTO trials VALUES (?, ?, ?, ?, ?, ?)',
    ...[id, number, STUDY, state, timeText(startedAt), timeText(endedAt)],
  );
  for (const [name, { value: chosen, choices }] of parameters) {
    const distribution = { name: 'CategoricalDistribution', attributes: { choices } };
    database.run(
      'INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) VALUES (?, ?, ?, ?)',
      ...[id, name, choices.indexOf(chosen), JSON.stringify(distribution)],
    );
  }
  for (const [key, attribute] of Object.entries(attributes))
    database.run(
      'INSERT INTO trial_user_attributes (trial_id, "key", value_json) VALUES (?, ?, ?)',
      ...[id, key, JSON.stringify(attribute)],
    );
  if (value !== null)
    database.run(
      `INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES (?, 0, ?, 'FINITE')`,
      ...[id, value],
    );
  for (const [at, report] of trial.reports.entries()) {
    const isNumber = Number.isFinite(report);
    database.run(
      'INSERT INTO trial_intermediate_values VALUES (?, ?, ?, ?, ?)',
      ...[trial.arrivals[at]!, id, at + 1],
      ...[isNumber ? report : null, isNumber ? 'FINITE' : 'NAN'],
    );
  }
}

/** Optuna notes local time without a zone. */
function timeText(time: number | null): string | null {
  if (time === null) return null;
  const local = time - new Date(time).getTimezoneOffset() * 60_000;
  return `${new Date(local).toISOString().replace('T', ' ').replace('Z', '')}000`;
}
