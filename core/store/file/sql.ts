import type { Sqlite, Value } from '../sqlite.ts';

/** Sets the named columns (camelCase) of one row; what is undefined stays. */
export function update(
  database: Sqlite,
  table: string,
  id: number,
  change: Record<string, Value | undefined>,
): void {
  const columns = defined(Object.entries(change));
  if (columns.length === 0) return;
  const settings = columns.map(([name]) => `${snakeCase(name)} = ?`);
  database.run(
    `UPDATE ${table} SET ${settings.join(', ')} WHERE id = ?`,
    ...columns.map(([, value]) => value),
    id,
  );
}

/** A WHERE clause of those conditions whose value is given, and the values. */
export function where(conditions: readonly [condition: string, value: Value | undefined][]): {
  clause: string;
  values: Value[];
} {
  const given = defined(conditions);
  return {
    clause: given.length === 0 ? '' : `WHERE ${given.map(([condition]) => condition).join(' AND ')}`,
    values: given.map(([, value]) => value),
  };
}

const defined = (pairs: readonly [string, Value | undefined][]): [string, Value][] =>
  pairs.filter((pair): pair is [string, Value] => pair[1] !== undefined);

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
