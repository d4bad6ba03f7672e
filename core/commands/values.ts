import { LabError } from '../base/errors.ts';
import type { Values } from './command.ts';

/** The text of an option, undefined when it was not given. */
export const textOf = (values: Values, name: string): string | undefined => {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
};

/** A whole number option within bounds. Throws `arguments.not-a-number` or `arguments.out-of-range`. */
export function wholeOf(values: Values, name: string, fallback: number, least: number, most: number): number {
  const text = textOf(values, name);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value)) {
    throw new LabError(
      'arguments.not-a-number',
      `--${name} is "${text}"; a whole number is needed.`,
      `Example: --${name} ${fallback}`,
    );
  }
  if (value < least || value > most) {
    throw new LabError(
      'arguments.out-of-range',
      `--${name} is ${text}; it must lie between ${least} and ${most}.`,
      `Example: --${name} ${fallback}`,
    );
  }
  return value;
}

/** An option with a closed list of values. Throws `arguments.unknown-choice`. */
export function choiceOf<T extends string>(
  values: Values,
  name: string,
  choices: readonly T[],
  fallback: T,
): T {
  const text = textOf(values, name) ?? fallback;
  if ((choices as readonly string[]).includes(text)) return text as T;
  throw new LabError(
    'arguments.unknown-choice',
    `--${name} is "${text.slice(0, 60)}".`,
    `Choose one of ${choices.join(', ')}.`,
  );
}
