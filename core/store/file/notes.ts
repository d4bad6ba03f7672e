import * as v from 'valibot';
import type { Graph } from '../../graph/graph.ts';
import type { Sqlite } from '../sqlite.ts';
import type { LogEntry, NoteStore } from '../store.ts';
import { logText } from '../log-text.ts';
import { unknown } from '../refusals.ts';
import { decoded, nameColumn, readable } from './rows.ts';
import { where } from './sql.ts';
import type { Texts } from './texts.ts';

/** The log keeps this many entries; older ones go. With the longest texts that are 100 MB. */
const LOG_ENTRIES = 50_000;
/** How often the log is looked at for entries that may go. */
const LOG_PORTION = 1000;

const checkedName = nameColumn('saved_graph');

/** Records beside studies: saved graphs, settings, the log. */
export function notesIn(database: Sqlite, graphs: Texts<Graph>): NoteStore {
  return {
    saveGraph: (saved) =>
      database.transaction(() => {
        const { name, graph, key, createdAt } = saved;
        const { id } = database.run(
          'INSERT INTO saved_graph (name, graph, key, created_at) VALUES (?, ?, ?, ?)',
          ...[name, graphs.add(graph), key, createdAt],
        );
        return { id, name, graph, key, createdAt };
      }),
    savedGraphs: () =>
      readable(
        database.all<{ id: number; name: string; graph: number; key: string; created_at: number }>(
          'SELECT * FROM saved_graph ORDER BY name, id',
        ),
        ({ created_at, graph, ...rest }) => {
          const name = checkedName(rest.name, rest.id);
          return { ...rest, name, graph: graphs.at(graph), createdAt: created_at };
        },
      ),
    removeGraph(id) {
      database.transaction(() => {
        const graph = database.value<number>(
          'DELETE FROM saved_graph WHERE id = ? RETURNING graph',
          id,
        );
        if (graph === undefined) throw unknown('graph', id);
        database.run('DELETE FROM graph WHERE id = ?', graph);
      });
    },
    addLog(entry) {
      const { at, level, study, run } = entry;
      const text = logText(entry.text);
      const { id } = database.run(
        'INSERT INTO log (at, level, study, run, text) VALUES (?, ?, ?, ?, ?)',
        ...[at, level, study, run, text],
      );
      if (id % LOG_PORTION === 0) database.run('DELETE FROM log WHERE id <= ?', id - LOG_ENTRIES);
      return { id, at, level, study, run, text };
    },
    logs({ before, study, run, limit = 200 } = {}) {
      const { clause, values } = where([
        ['id < ?', before],
        ['study = ?', study],
        ['run = ?', run],
      ]);
      return database.all<LogEntry>(
        `SELECT * FROM log ${clause} ORDER BY id DESC LIMIT ?`,
        ...values,
        limit,
      );
    },
    setting(name) {
      const text = database.value<string>('SELECT value FROM setting WHERE name = ?', name);
      return text === undefined ? undefined : decoded(v.unknown(), text, 'setting', name);
    },
    setSetting(name, value) {
      database.run('INSERT OR REPLACE INTO setting VALUES (?, ?)', name, JSON.stringify(value));
    },
  };
}
