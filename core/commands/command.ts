import type { ParseArgsOptionsConfig } from 'node:util';

/** How `ktg` ends; documented in `ktg help`. */
export const Exit = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** One verb of the `ktg` command. Each lives in a file of its own, loaded only when it is used. */
export interface Command {
  /** Lines for `ktg help VERB`: usage, then options. */
  readonly usage: string;
  readonly options: ParseArgsOptionsConfig;
  /** Returns the exit status. Expected failures are thrown as LabErrors. */
  run(values: Values, positionals: string[]): Promise<number>;
}

export type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
