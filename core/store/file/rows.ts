import * as v from 'valibot';
import { LabError } from '../../base/errors.ts';
import { placedIssueText } from '../../base/issue.ts';
import { problemSchema } from '../../study/problem.ts';
import { DAMAGED, type Value } from '../sqlite.ts';
import { snakeCase } from './sql.ts';

/** For a row that this program has not written so. */
export const damagedRow = (table: string, row: number | string, what: string): LabError =>
  new LabError(
    'store.damaged',
    `${table} ${row} of the lab file cannot be read: ${what.replace(/\.$/, '')}.`,
    `The rest of the lab can be used. ${DAMAGED}`,
  );

/** True for what reading a damaged row throws. */
export const isDamaged = (error: unknown): boolean =>
  error instanceof LabError && error.code === 'store.damaged';

/** Records of those rows that can be read: one damaged row must not hide the others. */
export function readable<Row, Item>(rows: readonly Row[], read: (row: Row) => Item): Item[] {
  return rows.flatMap((row) => {
    try {
      return [read(row)];
    } catch (error) {
      if (isDamaged(error)) return [];
      throw error;
    }
  });
}

/** The JSON of a column as its record says. Throws LabError `store.damaged` with table and row. */
export function decoded<Schema extends v.GenericSchema>(
  schema: Schema,
  text: string,
  table: string,
  row: number | string,
): v.InferOutput<Schema> {
  const value = parsedJson(text);
  if (value === undefined) throw damagedRow(table, row, 'this is no JSON');
  let result: v.SafeParseResult<Schema>;
  try {
    result = v.safeParse(schema, value);
  } catch (error) {
    // Graphs and spaces have words of their own for what is wrong with them.
    if (!(error instanceof LabError)) throw error;
    throw damagedRow(table, row, error.message);
  }
  if (!result.success) throw damagedRow(table, row, placedIssueText(result.issues[0]));
  return result.output;
}

/** A row as SQLite gives it. */
export type Row = Readonly<Record<string, Value>>;

/** Makes the value of a field from that of its column; `row` is named when it is damaged. */
export type Column<Output = unknown> = (value: Value, row: number, columns: Row) => Output;

/** Conversions and checks of a table's columns; other columns hold their fields as they are. */
interface TableForm<Entries extends v.ObjectEntries, Field extends keyof Entries> {
  readonly table: string;
  /** Column whose value names a row. */
  readonly key?: string;
  readonly columns?: { readonly [Each in Field]?: Column<v.InferOutput<Entries[Each]>> };
  /** Fields that no constraint of SQLite keeps to their schema. */
  readonly checked?: readonly Field[];
}

/**
 * Reads records of a schema from rows of a table: the column of a field has its name in snake case.
 * What it returns throws LabError `store.damaged` for a row that this program has not written so.
 */
export function readerOf<Entries extends v.ObjectEntries>(
  schema: v.StrictObjectSchema<Entries, undefined>,
  { table, key = 'id', columns = {}, checked = [] }: TableForm<Entries, keyof Entries>,
): (row: Row) => v.InferOutput<typeof schema> {
  const fields = Object.keys(schema.entries).map((field) => ({
    field,
    column: snakeCase(field),
    convert: columns[field] as Column | undefined,
    check: checked.includes(field) ? schema.entries[field]! : null,
  }));
  const checks = fields.filter(({ check }) => check !== null);
  return (row) => {
    const id = Number(row[key]);
    for (const { column, check } of checks)
      if (!v.is(check!, row[column])) throw damagedRow(table, id, `${column} ${NO_SUCH_VALUE}`);
    const record: Record<string, unknown> = {};
    for (const { field, column, convert } of fields) {
      const value = row[column] ?? null;
      record[field] = convert ? convert(value, id, row) : value;
    }
    return record as v.InferOutput<typeof schema>;
  };
}

const NO_SUCH_VALUE = 'has a value that no lab writes';

/** Yes or no, kept as 1 or 0. */
export const flagColumn: Column<boolean> = (value) => value === 1;

/** JSON of a schema, or nothing. */
export const jsonColumn =
  <Output>(table: string, schema: v.GenericSchema<unknown, Output>): Column<Output | null> =>
  (text, row) =>
    text === null ? null : decoded(schema, text as string, table, row);

/** A text of a table of its own, by its id. */
export const textColumn =
  <Output>(texts: { at(id: number): Output }): Column<Output> =>
  (id) =>
    texts.at(id as number);

/** Characters of a name; earlier versions took those of other programs' studies as they were. */
const LONGEST_NAME = 20_000;

/** The name of a record, which may be longer than a new one's. */
export const nameColumn =
  (table: string): Column<string> =>
  (name, row) => {
    if ((name as string).length > LONGEST_NAME)
      throw damagedRow(table, row, `name ${NO_SUCH_VALUE}`);
    return name as string;
  };

/** Columns that studies and re-runs share. */
export const jobColumns = (table: 'study' | 'rerun') => ({
  name: nameColumn(table),
  problem: jsonColumn(table, problemSchema),
});

/** undefined for a text that is no JSON. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
