import type { ParseArgsOptionsConfig } from 'node:util';
import { LabError, problemOf } from '../base/errors.ts';

/** How `ktg` ends. */
export const Exit = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;
export const exitUsage =
  'Exit status: 0 done, 1 failed, 2 wrong arguments, 130 interrupted (paused or stopped by a person).';

/**
 * What the lab refuses of what a person has said; as `arguments.*`, it ends a command with
 * `Exit.usage`.
 */
export class WrongArguments extends LabError {}

/**
 * What was thrown over what options say, as wrong arguments; what a lab could not do is a failure
 * still.
 */
export function asWrongArguments(error: unknown): unknown {
  if (!(error instanceof LabError) || /^(store\.|lab\.(unreachable|closed)$)/.test(error.code))
    return error;
  return new WrongArguments(problemOf(error), { cause: error });
}

/** One verb of the `ktg` command. Each lives in a file of its own, loaded only when it is used. */
export interface Command {
  /** Lines for `ktg help VERB`: usage, then options. */
  readonly usage: string;
  readonly options: ParseArgsOptionsConfig;
  /** Words after the verb that it takes at most. */
  readonly words: number;
  /** Returns the exit status. Expected failures are thrown as LabErrors. */
  run(values: Values, positionals: string[]): Promise<number>;
}

export type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
