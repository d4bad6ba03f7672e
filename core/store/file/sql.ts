import type { Sqlite, Value } from '../sqlite.ts';

/**
 * Sets the named columns (camelCase) of one row; what is undefined stays.
 *
 * @param only a further condition
 * @returns whether there was such a row
 */
export function update(
  database: Sqlite,
  table: string,
  id: number,
  change: Record<string, Value | undefined>,
  only = 'TRUE',
): boolean {
  const columns = defined(Object.entries(change));
  if (columns.length === 0) return true;
  const { changes } = database.run(
    updateText(table, columns.map(([name]) => name).join(' '), only),
    ...columns.map(([, value]) => value),
    id,
  );
  return changes > 0;
}

/** The texts of the few kinds of changes there are, by table, names and condition. */
const updates = new Map<string, string>();

function updateText(table: string, names: string, only: string): string {
  const kind = `${table} ${names} ${only}`;
  const known = updates.get(kind);
  if (known !== undefined) return known;
  const settings = names.split(' ').map((name) => `${snakeCase(name)} = ?`);
  const text = `UPDATE ${table} SET ${settings.join(', ')} WHERE id = ? AND ${only}`;
  updates.set(kind, text);
  return text;
}

/** As SQLite keeps it; what is undefined stays so. */
export const flag = (value: boolean | undefined): number | undefined =>
  value === undefined ? undefined : Number(value);

/** A WHERE clause of those conditions whose value is given, and the values. */
export function where(conditions: readonly [condition: string, value: Value | undefined][]): {
  clause: string;
  values: Value[];
} {
  const given = defined(conditions);
  return {
    clause:
      given.length === 0 ? '' : `WHERE ${given.map(([condition]) => condition).join(' AND ')}`,
    values: given.map(([, value]) => value),
  };
}

const defined = (pairs: readonly [string, Value | undefined][]): [string, Value][] =>
  pairs.filter((pair): pair is [string, Value] => pair[1] !== undefined);

/** Name of the column of a field. */
export const snakeCase = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
