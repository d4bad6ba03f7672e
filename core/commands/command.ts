import type { ParseArgsOptionsConfig } from 'node:util';

/** How `ktg` ends. */
export const Exit = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;
export const exitUsage =
  'Exit status: 0 done, 1 failed, 2 wrong arguments, 130 interrupted (paused or stopped by a person).';

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
