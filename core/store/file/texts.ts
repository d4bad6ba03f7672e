import type * as v from 'valibot';
import type { Sqlite } from '../sqlite.ts';
import { damagedRow, decoded } from './rows.ts';

/** Parsed values that are kept; about 10 MiB of graphs. */
const MAX_PARSED = 5000;

/**
 * A table of values that never change, one row each: graphs, training plans, environments. The
 * parsed form is kept, so that 1,500 trials do not parse their plan 1,500 times.
 */
export class Texts<T> {
  readonly #database: Sqlite;
  readonly #table: string;
  readonly #schema: v.GenericSchema<unknown, T>;
  readonly #parsed = new Map<number, T>();
  #last: { value: T; id: number } | null = null;

  /** @param schema form of the text: the file may come from an untrusted source */
  constructor(
    database: Sqlite,
    table: 'graph' | 'training' | 'environment',
    schema: v.GenericSchema<unknown, T>,
  ) {
    this.#database = database;
    this.#table = table;
    this.#schema = schema;
    database.onUndo(() => {
      this.#parsed.clear();
      this.#last = null;
    });
  }

  /** Adds a row, whether or not there is an equal one. */
  add(value: T): number {
    return this.#database.run(`INSERT INTO ${this.#table} (text) VALUES (?)`, JSON.stringify(value))
      .id;
  }

  /** Id of a value, which is added when it is new. Needs a table whose texts are unique. */
  idOf(value: T): number {
    if (this.#last?.value === value) return this.#last.id;
    const text = JSON.stringify(value);
    const known = this.#database.value<number>(
      `SELECT id FROM ${this.#table} WHERE text = ?`,
      text,
    );
    const id = known ?? this.add(value);
    this.#last = { value, id };
    return id;
  }

  /** Throws LabError `store.damaged` for a text that is no such value. */
  at(id: number): T {
    const known = this.#parsed.get(id);
    if (known !== undefined) return known;
    const text = this.#database.value<string>(`SELECT text FROM ${this.#table} WHERE id = ?`, id);
    if (text === undefined) throw damagedRow(this.#table, id, 'it is not there');
    const value = decoded(this.#schema, text, this.#table, id);
    if (this.#parsed.size >= MAX_PARSED) this.#parsed.clear();
    this.#parsed.set(id, value);
    return value;
  }
}
