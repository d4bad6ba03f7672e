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
  readonly #add: string;
  readonly #find: string;
  readonly #read: string;
  #last: { value: T; text: string; id: number } | null = null;

  /** @param schema form of the text: the file may come from an untrusted source */
  constructor(
    database: Sqlite,
    table: 'graph' | 'training' | 'environment',
    schema: v.GenericSchema<unknown, T>,
  ) {
    this.#database = database;
    this.#table = table;
    this.#schema = schema;
    this.#add = `INSERT INTO ${table} (text) VALUES (?)`;
    this.#find = `SELECT id FROM ${table} WHERE text = ?`;
    this.#read = `SELECT text FROM ${table} WHERE id = ?`;
    database.onUndo(() => {
      this.#parsed.clear();
      this.#last = null;
    });
  }

  /** Adds a row, whether or not there is an equal one. */
  add(value: T): number {
    return this.#insert(value, JSON.stringify(value));
  }

  /** Id of a value, which is added when it is new. Needs a table whose texts are unique. */
  idOf(value: T): number {
    if (this.#last?.value === value) return this.#last.id;
    const text = JSON.stringify(value);
    // Equal values of many runs come one after the other, each read from a message of its own.
    const id =
      this.#last?.text === text
        ? this.#last.id
        : (this.#database.value<number>(this.#find, text) ?? this.#insert(value, text));
    this.#last = { value, text, id };
    return id;
  }

  /** Throws LabError `store.damaged` for a text that is no such value. */
  at(id: number): T {
    const known = this.#parsed.get(id);
    if (known !== undefined) return known;
    const text = this.#database.value<string>(this.#read, id);
    if (text === undefined) throw damagedRow(this.#table, id, 'it is not there');
    const value = decoded(this.#schema, text, this.#table, id);
    return this.#keep(id, value);
  }

  /** A new value is soon read, and need not be parsed for it. */
  #insert(value: T, text: string): number {
    const { id } = this.#database.run(this.#add, text);
    this.#keep(id, value);
    return id;
  }

  #keep(id: number, value: T): T {
    if (this.#parsed.size >= MAX_PARSED) this.#parsed.clear();
    this.#parsed.set(id, value);
    return value;
  }
}
