import * as v from 'valibot';
import { LabError } from '../../base/errors.ts';
import { placedIssueText } from '../../base/issue.ts';
import { type LabProblem, optionalSteps } from '../../base/problem.ts';
import { textSchema } from '../../study/schema.ts';

/** For a row that this program has not written so. */
export const damagedRow = (table: string, row: number | string, what: string): LabError =>
  new LabError('store.damaged', { table, row, what: what.replace(/\.$/, '') });

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

/** Throws LabError `store.damaged` unless all of it holds. */
export function requireSound(
  table: string,
  row: number,
  conditions: Record<string, boolean>,
): void {
  for (const [column, holds] of Object.entries(conditions))
    if (!holds) throw damagedRow(table, row, `${column} has a value that no lab writes`);
}

/** Characters of a name; earlier versions took those of other programs' studies as they were. */
const LONGEST_NAME = 20_000;

export const isName = (text: string): boolean => text.length <= LONGEST_NAME;

export const problemRecord: v.GenericSchema<unknown, LabProblem> = v.strictObject({
  code: textSchema,
  message: textSchema,
  next: textSchema,
  ...optionalSteps,
});

/** A problem as a job's column keeps it. Throws LabError `store.damaged`. */
export const problemIn = (text: string | null, table: string, row: number): LabProblem | null =>
  text === null ? null : decoded(problemRecord, text, table, row);

/** undefined for a text that is no JSON. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
