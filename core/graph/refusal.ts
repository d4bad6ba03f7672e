import * as v from 'valibot';
import { LabError, withNext } from '../base/errors.ts';
import type { LabProblem } from '../base/problem.ts';

/** Expectation and advice of each schema rule, by the last part of the error's code. */
export type Rules = Record<string, { readonly expected: string; readonly next: string }>;

/** What breaks a rule, and where. */
interface Refused {
  /** Place in the input, such as `edges[3].gate`; '' for the whole input. */
  readonly place: string;
  /** The value in a few characters. */
  readonly found: string;
  readonly expected: string;
}

/** A refused value. Its parts are data, for a field that shows the value without its place. */
export class RefusedValue extends LabError implements Refused {
  readonly place: string;
  readonly found: string;
  readonly expected: string;

  constructor(problem: LabProblem, { place, found, expected }: Refused) {
    super(problem);
    this.place = place;
    this.found = found;
    this.expected = expected;
  }
}

/**
 * Returns the rule for a failed strictObject, so that its three kinds of failure have separate
 * codes.
 */
export const objectRule = ({ expected }: { expected: string | null }): string => {
  if (expected === 'Object') return 'wrong-type';
  return expected === 'never' ? 'unknown-key' : 'missing-key';
};

/** Rules of every object. */
export const objectRules = {
  'wrong-type': { expected: 'another type', next: 'Correct the type of the value.' },
  'unknown-key': { expected: 'no such key', next: 'Remove the key or correct its spelling.' },
  'missing-key': { expected: 'a value', next: 'Add the missing key.' },
} as const satisfies Rules;

/**
 * Validates input from outside with a schema whose messages are keys of `rules`.
 *
 * @throws RefusedValue `area.rule` for the first broken rule
 */
export function parseWith<Schema extends v.GenericSchema>(
  area: string,
  schema: Schema,
  rules: Rules,
  input: unknown,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const last = issue.path?.at(-1);
  const expected = issue.message === 'wrong-type' ? typeWords(issue.expected) : undefined;
  throw refusal(
    area,
    rules,
    issue.message,
    placeOf(issue.path),
    last ? last.value : input,
    expected,
  );
}

const typeWords = (expected: string | null): string =>
  expected === 'Object' ? 'an object' : (expected ?? 'another type');

/** Returns the error of a broken rule at a place. */
export function refusal(
  area: string,
  rules: Rules,
  rule: string,
  place: string,
  value: unknown,
  expected = rules[rule]?.expected ?? 'something else',
): RefusedValue {
  const next = rules[rule]?.next;
  const found = shown(value);
  const where = place === '' ? `The ${area}` : `${area}: ${place}`;
  const message =
    rule === 'missing-key'
      ? `The ${area} has no ${place}.`
      : `${where}: found ${found}, expected ${expected}.`;
  const steps = next === undefined ? [] : [next];
  const problem = withNext({ code: `${area}.${rule}`, message, steps });
  return new RefusedValue(problem, { place, found, expected });
}

function placeOf(path: v.BaseIssue<unknown>['path']): string {
  const keys = (path ?? []).map(({ key }) =>
    typeof key === 'number' ? `[${key}]` : `.${clip(String(key))}`,
  );
  return keys.join('').replace(/^\./, '');
}

/** Returns a value in a few characters: at most one line. */
function shown(value: unknown): string {
  if (typeof value === 'string') return `"${clip(value)}"`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return value === undefined ? 'nothing' : clip(`${value as number | boolean}`);
}

const clip = (text: string): string => {
  const line = text.replace(/\p{Cc}/gu, '?').toWellFormed();
  return line.length > 60 ? `${line.slice(0, 60).toWellFormed()}...` : line;
};
