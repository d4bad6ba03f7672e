import { LabError, problemOf } from '../base/errors.ts';

/** Exit statuses of `ktg`. */
export const Exit = { done: 0, failed: 1, usage: 2, undecided: 3, interrupted: 130 } as const;
export const exitUsage =
  'Exit status: 0 done, 1 failed, 2 wrong arguments, 3 it cannot be told (only ktg verify),\n' +
  '130 interrupted (paused or stopped by a person).';

/** An argument that the lab refuses; like `arguments.*`, it ends a command with `Exit.usage`. */
export class WrongArguments extends LabError {}

/** Converts validation errors to usage errors (exit 2); failures of the lab keep exit 1. */
export function asWrongArguments(error: unknown): unknown {
  if (!(error instanceof LabError) || /^(store\.|lab\.(unreachable|closed)$)/.test(error.code))
    return error;
  return new WrongArguments(problemOf(error), { cause: error });
}

/** An option of a command: what `parseArgs` needs, and its row in the usage text. */
export interface Option {
  readonly type: 'string' | 'boolean';
  /** True when the option may be given several times. */
  readonly multiple?: boolean;
  /** Placeholder of the value in the usage text: `N`. */
  readonly value?: string;
  /** Meaning and default; line breaks stay. */
  readonly help: string;
}

export type Options = Readonly<Record<string, Option>>;

/** One verb of the `ktg` command, in its own file, loaded on use. */
export interface Command {
  /** Ways to call it without `ktg`, each with what it does. */
  readonly forms: readonly (readonly [form: string, summary: string])[];
  /** Meanings of its arguments by their names in the forms. */
  readonly arguments?: Readonly<Record<string, string>>;
  /** Its options in the order of the usage text. */
  readonly options: Options;
  /** Further sentences of the usage text. */
  readonly note?: string;
  /** Most words after the verb. */
  readonly words: number;
  /** Returns the exit status. @throws LabError for expected failures */
  run(values: Values, positionals: string[]): Promise<number>;
}

export type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
