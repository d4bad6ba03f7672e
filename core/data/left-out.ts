import type { LeftOut } from './dataset.ts';

/** A file that is left out, and why. */
export interface ImageProblem {
  readonly file: string;
  readonly why: string;
}

/** Files kept by name with a set. */
const KEPT = 1000;
/** Reasons told apart; the rarest ones count as one. */
const REASONS = 6;
const OTHER = 'other reasons';

/** What is kept of all files that were left out: the first of them, and how many for each reason. */
export const leftOutOf = (problems: readonly ImageProblem[]): LeftOut => ({
  count: problems.length,
  files: problems.slice(0, KEPT),
  ...(problems.length > 0 && { reasons: reasonsOf(problems) }),
});

/** The reasons by how often they occur, without what only one file says, such as its size. */
function reasonsOf(problems: readonly ImageProblem[]): { why: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { why } of problems) {
    const kind = why.split(':', 1)[0]!.replace(/\d+/g, 'N').slice(0, 200);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const all = [...counts].map(([why, count]) => ({ why, count }));
  all.sort((a, b) => b.count - a.count || (a.why < b.why ? -1 : 1));
  if (all.length <= REASONS) return all;
  const rest = all.splice(REASONS - 1).reduce((sum, { count }) => sum + count, 0);
  return [...all, { why: OTHER, count: rest }];
}
