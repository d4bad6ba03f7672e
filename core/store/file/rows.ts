import * as v from 'valibot';
import { LabError } from '../../base/errors.ts';
import { placedIssueText } from '../../base/issue.ts';
import { problemSchema } from '../../base/problem.ts';
import { unlessDamaged } from '../refusals.ts';
import type { Value } from '../sqlite.ts';
import { snakeCase } from './sql.ts';

/** For a row that this program has not written so. */
export const damagedRow = (table: string, row: number | string, what: string): LabError =>
  new LabError('store.damaged', { table, row, what: what.replace(/\.$/, '') });

/** Records of those rows that can be read: one damaged row must not hide the others. */
export function readable<Row, Item>(rows: readonly Row[], read: (row: Row) => Item): Item[] {
  return rows.flatMap((row) => unlessDamaged(() => [read(row)]) ?? []);
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

/** A row by the names of its record's fields. */
export type Row = Record<string, unknown>;

/** Makes the value of a field from that of its column; `row` is named when it is damaged. */
export type Column<Output = unknown> = (value: Value, row: number) => Output;

/** Conversions and checks of a table's columns; other columns hold their fields as they are. */
interface TableForm<Entries extends v.ObjectEntries, Field extends keyof Entries> {
  readonly table: string;
  /** Field whose value names a row. */
  readonly key?: string;
  readonly columns?: { readonly [Each in Field]?: Column<v.InferOutput<Entries[Each]>> };
  /** Fields that no constraint of SQLite keeps to their schema. */
  readonly checked?: readonly Field[];
}

/** How records of a schema are read from a table. */
interface Reader<Output> {
  /** Every column, in snake case, under the name of its field: for SELECT. */
  readonly columns: string;
  /**
   * The record in a row, which becomes it: thousands of runs are not copied. Throws LabError
   * `store.damaged` for a row that this program has not written so.
   */
  readonly read: (row: Row) => Output;
}

export function readerOf<Entries extends v.ObjectEntries>(
  schema: v.StrictObjectSchema<Entries, undefined>,
  { table, key = 'id', columns = {}, checked = [] }: TableForm<Entries, keyof Entries>,
): Reader<v.InferOutput<typeof schema>> {
  const checks = checked.map((field) => [String(field), checkOf(schema.entries[field]!)] as const);
  const conversions = Object.entries(columns) as [string, Column][];
  return {
    columns: Object.keys(schema.entries)
      .map((field) => `${table}.${snakeCase(field)} AS "${field}"`)
      .join(', '),
    read(row) {
      const id = Number(row[key]);
      for (const [field, isSound] of checks)
        if (!isSound(row[field]))
          throw damagedRow(table, id, `${snakeCase(field)} ${NO_SUCH_VALUE}`);
      for (const [field, convert] of conversions) row[field] = convert(row[field] as Value, id);
      return row as v.InferOutput<typeof schema>;
    },
  };
}

/** Whether a value is of a schema; at once for one of a list. */
function checkOf(schema: v.GenericSchema): (value: unknown) => boolean {
  if (schema.type !== 'picklist') return remembering((value) => v.is(schema, value));
  const options = new Set((schema as unknown as { options: readonly unknown[] }).options);
  return (value) => options.has(value);
}

/** Values that were found sound and are remembered: a run is read many times. */
const MAX_SOUND = 1000;

function remembering(isSound: (value: unknown) => boolean): (value: unknown) => boolean {
  const known = new Set<unknown>();
  return (value) => {
    if (known.has(value)) return true;
    if (!isSound(value)) return false;
    if (known.size >= MAX_SOUND) known.clear();
    known.add(value);
    return true;
  };
}

const NO_SUCH_VALUE = 'has an invalid value';

/** Yes or no, kept as 1 or 0. */
export const flagColumn: Column<boolean> = (value) => value === 1;

/** Words with a space between them; most records have none. */
export const wordsColumn: Column<readonly string[]> = (text) =>
  text === '' ? [] : (text as string).split(' ');

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
