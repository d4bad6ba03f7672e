import * as v from 'valibot';
import { parseGraph } from '../graph/parse.ts';

/** Fields that several records share, as they may come from outside. */

/** Longest text of a record, in characters. */
const MAX_TEXT = 20_000;

/** A whole number in bounds. */
export const whole = (least = 0, most = Number.MAX_SAFE_INTEGER) =>
  v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));

/** Any seed of a random stream. */
export const seedSchema = whole(0);

/** Number of a row in its table. */
export const idSchema = whole(1);

/** Milliseconds since 1970. */
export const timeSchema = whole(0);

/** A share of 1. */
export const fractionSchema = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

/** Order of jobs: higher ones come first. */
export const prioritySchema = v.pipe(v.number(), v.safeInteger());

/** SHA-256, hexadecimal. */
export const sha256Schema = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

/** A line of text from outside: names, titles, data sets. */
export const lineSchema = (most: number) =>
  v.pipe(
    v.string(),
    v.minLength(1),
    v.maxLength(most),
    v.check(
      (text) => text.isWellFormed() && !/\p{Cc}/u.test(text),
      'Expected one line of text without control characters.',
    ),
  );

/** Any text of a record from outside: messages, versions. */
export const textSchema = v.pipe(v.string(), v.maxLength(MAX_TEXT));

/** A graph in normal form. Throws a LabError `graph.*` for a wrong one. */
export const graphRecord = v.pipe(v.unknown(), v.transform(parseGraph));
