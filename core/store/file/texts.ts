import type { Sqlite } from '../sqlite.ts';

/**
 * A table of texts that never change, one row each: graphs, training plans, environments. Equal values share an id, and
 * the parsed form is kept, so that 1,500 trials do not parse their plan 1,500 times; callers must not change it.
 */
export class Texts<T> {
  readonly #database: Sqlite;
  readonly #table: string;
  readonly #parsed = new Map<number, T>();

  constructor(database: Sqlite, table: 'graph' | 'training' | 'environment') {
    this.#database = database;
    this.#table = table;
    database.onUndo(() => {
      this.#parsed.clear();
    });
  }

  idOf(value: T): number {
    const text = JSON.stringify(value);
    const known = this.#database.value<number>(`SELECT id FROM ${this.#table} WHERE text = ?`, text);
    return known ?? this.#database.run(`INSERT INTO ${this.#table} (text) VALUES (?)`, text).id;
  }

  at(id: number): T {
    const known = this.#parsed.get(id);
    if (known !== undefined) return known;
    const text = this.#database.value<string>(`SELECT text FROM ${this.#table} WHERE id = ?`, id);
    if (text === undefined) throw new RangeError(`No ${this.#table} ${id}`);
    const value = JSON.parse(text) as T;
    this.#parsed.set(id, value);
    return value;
  }
}
