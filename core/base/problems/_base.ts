import type { Step } from '../actions.ts';

/** What a problem says, and what to do next; both from the same params. */
interface ProblemEntry {
  readonly message: (params: never) => string;
  readonly next: (params: never) => readonly Step[];
}

/**
 * Problems by their keys: a code, or `code/case` where one code has several causes. Only the code
 * leaves the program.
 */
export type ProblemTable = Readonly<Record<string, ProblemEntry>>;
