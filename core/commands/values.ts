import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
import { lineSchema } from '../study/fields.ts';
import type { Values } from './command.ts';

/** Returns the text of an option; undefined when it is not given. */
export const textOf = (values: Values, name: string): string | undefined => {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
};

/** Returns the value of `--name`. @throws LabError `arguments.name` */
export function nameOf(values: Values): string | undefined {
  const name = textOf(values, 'name');
  if (name === undefined || v.safeParse(nameSchema, name).success) return name;
  throw new LabError('arguments.name', { name: name.slice(0, 60), longest: MAX_NAME });
}

/** Most characters of a name, as in the lab. */
const MAX_NAME = 200;
const nameSchema = lineSchema(MAX_NAME);

/**
 * Returns an integer option within bounds.
 *
 * @throws LabError `arguments.not-a-number`, `arguments.out-of-range`
 */
export function integerOption(
  values: Values,
  name: string,
  fallback: number,
  least: number,
  most: number,
): number {
  const text = textOf(values, name);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value)) {
    throw new LabError('arguments.not-a-number', { name, text, fallback });
  }
  if (value < least || value > most) {
    throw new LabError('arguments.out-of-range', { name, text, least, most, fallback });
  }
  return value;
}

/** Returns the number of a record, such as a re-run. @throws LabError as `integerOption` */
export const idOption = (values: Values, name: string): number =>
  integerOption(values, name, 1, 1, Number.MAX_SAFE_INTEGER);

/** Returns an option with a fixed list of values. @throws LabError `arguments.unknown-choice` */
export function choiceOf<T extends string>(
  values: Values,
  name: string,
  choices: readonly T[],
  fallback: T,
): T {
  const text = textOf(values, name) ?? fallback;
  if ((choices as readonly string[]).includes(text)) return text as T;
  throw new LabError('arguments.unknown-choice', {
    name,
    text: text.slice(0, 60),
    choices: choices.join(', '),
  });
}
