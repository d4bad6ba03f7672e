import * as v from 'valibot';
import { LabError, messageOf } from '../../base/errors.ts';
import { graphKey } from '../../graph/canonical.ts';
import { isJobState, isRunState } from '../../study/moves.ts';

import { decisionSchema } from '../../study/decision.ts';
import { environmentSchema } from '../../study/environment.ts';
import { graphRecord } from '../../study/fields.ts';
import { trainingSchema } from '../../study/plan.ts';
import { problemSchema } from '../../base/problem.ts';
import { rerunSchema } from '../../study/rerun.ts';
import { failureSchema } from '../../study/run.ts';
import { openSqlite } from '../sqlite.ts';
import type { Sqlite } from '../sqlite.ts';
import { realFile, requireReadable } from './folder.ts';
import { isDamaged } from '../refusals.ts';
import { decoded } from './rows.ts';
import { requireOwnSchema } from './schema-check.ts';
import { schemaOf } from './schema.ts';
import { launcherSchema } from '../../study/machine.ts';
import { planRecord } from './studies.ts';

/** Looks at one thing and names what is wrong with it, one sentence each. */
type Look = (database: Sqlite) => Iterable<string>;

const stateColumns = [
  ['study', isJobState],
  ['rerun', isJobState],
  ['run', isRunState],
] as const;

/** Columns that hold JSON, besides graphs, with what it must be. */
const jsonColumns: readonly [
  table: string,
  key: string,
  column: string,
  schema: v.GenericSchema,
][] = [
  ['study', 'id', 'plan', planRecord],
  ['study', 'id', 'problem', problemSchema],
  ['rerun', 'id', 'variants', rerunSchema.entries.variants],
  ['rerun', 'id', 'seeds', rerunSchema.entries.seeds],
  ['rerun', 'id', 'problem', problemSchema],
  ['run', 'id', 'failure', failureSchema],
  ['decision', 'run', 'reason', decisionSchema.entries.reason],
  ['training', 'id', 'text', trainingSchema],
  ['environment', 'id', 'text', environmentSchema],
  ['machine', 'id', 'launcher', launcherSchema],
  ['setting', 'name', 'value', v.unknown()],
];

/** SQLite's own check, broken references, and what no constraint can say. */
const looks: readonly Look[] = [
  function* integrity(database) {
    for (const { integrity_check: text } of database.iterate<{ integrity_check: string }>(
      'PRAGMA integrity_check',
    ))
      if (text !== 'ok') yield text;
  },
  function* references(database) {
    for (const { table, rowid, parent } of database.iterate<{
      table: string;
      rowid: number;
      parent: string;
    }>('PRAGMA foreign_key_check'))
      yield `${table} ${rowid} refers to a ${parent} that does not exist`;
  },
  function* epochs(database) {
    const wrong = database.iterate<{ id: number; epoch: number; recorded: number }>(
      `SELECT run.id, run.epoch, count(epoch.epoch) AS recorded FROM run LEFT JOIN epoch ON epoch.run = run.id
         GROUP BY run.id HAVING recorded <> run.epoch`,
    );
    for (const { id, epoch, recorded } of wrong)
      yield `run ${id} is at epoch ${epoch} and has ${recorded} recorded`;
  },
  function* states(database) {
    for (const [table, isState] of stateColumns) {
      const rows = database.iterate<{ id: number; state: string }>(
        `SELECT id, state FROM ${table}`,
      );
      for (const { id, state } of rows)
        if (!isState(state))
          yield `${table} ${id} has the state ${JSON.stringify(state.slice(0, 40))}`;
    }
  },
  function* records(database) {
    for (const [table, key, column, schema] of jsonColumns) {
      if (!has(database, table, column)) continue;
      const rows = database.iterate<{ row: number | string; text: string }>(
        `SELECT ${key} AS row, ${column} AS text FROM ${table} WHERE ${column} IS NOT NULL`,
      );
      for (const { row, text } of rows) yield* damageIn(() => decoded(schema, text, table, row));
    }
  },
  function* graphs(database) {
    const runs = database.iterate<{ id: number; key: string; graph: number; text: string }>(
      'SELECT run.id, key, graph.id AS graph, text FROM run JOIN graph ON graph.id = run.graph',
    );
    for (const { id, key, graph, text } of runs) {
      let found = key;
      yield* damageIn(() => (found = graphKey(decoded(graphRecord, text, 'graph', graph))));
      if (found !== key) yield `run ${id} has a graph that does not match its key`;
    }
  },
  function* checkpoints(database) {
    const wrong = database.iterate<{ id: number; bytes: number; there: number }>(
      `SELECT id, bytes, coalesce(sum(length(data)), 0) AS there FROM checkpoint
         LEFT JOIN checkpoint_chunk ON checkpoint = id WHERE state = 'whole' GROUP BY id HAVING there <> bytes`,
    );
    for (const { id, bytes, there } of wrong)
      yield `checkpoint ${id} has ${there} of its ${bytes} bytes`;
  },
];

/**
 * Looks through a whole lab file, however damaged, also while a lab works on it; seconds for a
 * large one. Throws LabErrors `store.*` for what is no lab file or cannot be opened.
 *
 * @returns what is wrong, one sentence each; what cannot even be looked at is a problem too and
 * hides no other
 */
export function checkLabFile(path: string): string[] {
  const file = realFile(path);
  const database = openSqlite(file, { readOnly: true });
  try {
    requireReadable(database, file);
    requireOwnSchema(database, file, schemaOf(database, file));
    return problemsIn(database);
  } catch (error) {
    if (error instanceof LabError && error.code === 'store.damaged') return [error.message];
    throw error;
  } finally {
    database.close();
  }
}

/** Problems of an open database with the tables of a lab, one sentence each. */
export const problemsIn = (database: Sqlite): string[] =>
  looks.flatMap((look) => problemsOf(look, database));

/** False for what only a newer schema has: a file is looked at before it is migrated, too. */
const has = (database: Sqlite, table: string, column: string): boolean =>
  database.value('SELECT 1 FROM pragma_table_info(?) WHERE name = ?', table, column) !== undefined;

/** What reading a row says of it, when it is damaged. */
function damageIn(read: () => unknown): string[] {
  try {
    read();
    return [];
  } catch (error) {
    if (isDamaged(error)) return [messageOf(error)];
    throw error;
  }
}

function problemsOf(look: Look, database: Sqlite): string[] {
  const problems: string[] = [];
  try {
    for (const problem of look(database)) problems.push(problem);
  } catch (error) {
    problems.push(messageOf(error));
  }
  return problems;
}
