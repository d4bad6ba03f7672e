import { LabError, messageOf } from '../../base/errors.ts';
import { graphKey } from '../../graph/canonical.ts';
import type { Graph } from '../../graph/graph.ts';
import { openSqlite } from '../sqlite.ts';
import type { Sqlite } from '../sqlite.ts';
import { realFile, requireReadable } from './folder.ts';
import { schemaOf } from './schema.ts';

/** Looks at one thing and names what is wrong with it, one sentence each. */
type Look = (database: Sqlite) => Iterable<string>;

/** SQLite's own check, broken references, and what no constraint can say. */
const looks: readonly Look[] = [
  function* integrity(database) {
    for (const { integrity_check: text } of database.iterate<{ integrity_check: string }>(
      'PRAGMA integrity_check',
    ))
      if (text !== 'ok') yield text;
  },
  function* references(database) {
    for (const { table, rowid, parent } of database.iterate<{ table: string; rowid: number; parent: string }>(
      'PRAGMA foreign_key_check',
    ))
      yield `${table} ${rowid} refers to a ${parent} that is not there`;
  },
  function* epochs(database) {
    const wrong = database.iterate<{ id: number; epoch: number; recorded: number }>(
      `SELECT run.id, run.epoch, count(epoch.epoch) AS recorded FROM run LEFT JOIN epoch ON epoch.run = run.id
         GROUP BY run.id HAVING recorded <> run.epoch`,
    );
    for (const { id, epoch, recorded } of wrong)
      yield `run ${id} is at epoch ${epoch} and has ${recorded} recorded`;
  },
  function* graphs(database) {
    const runs = database.iterate<{ id: number; key: string; text: string }>(
      'SELECT run.id, key, text FROM run JOIN graph ON graph.id = run.graph',
    );
    for (const { id, key, text } of runs)
      if (graphKey(JSON.parse(text) as Graph) !== key) yield `run ${id} has another graph than its key says`;
  },
  function* checkpoints(database) {
    const wrong = database.iterate<{ id: number; bytes: number; there: number }>(
      `SELECT id, bytes, coalesce(sum(length(data)), 0) AS there FROM checkpoint
         LEFT JOIN checkpoint_chunk ON checkpoint = id WHERE state = 'whole' GROUP BY id HAVING there <> bytes`,
    );
    for (const { id, bytes, there } of wrong) yield `checkpoint ${id} has ${there} of its ${bytes} bytes`;
  },
];

/**
 * Looks through a whole lab file, however damaged, also while a lab works on it; seconds for a large one. Throws LabErrors
 * `store.*` for what is no lab file or cannot be opened.
 *
 * @returns what is wrong, one sentence each; what cannot even be looked at is a problem too and hides no other
 */
export function checkLabFile(path: string): string[] {
  const file = realFile(path);
  const database = openSqlite(file, { readOnly: true });
  try {
    requireReadable(database, file);
    schemaOf(database, file);
    return looks.flatMap((look) => problemsOf(look, database));
  } catch (error) {
    if (error instanceof LabError && error.code === 'store.damaged') return [error.message];
    throw error;
  } finally {
    database.close();
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
