import { winnersCurse } from './comparison.ts';

/** The best trial of a study beside the newest re-run of it: the best of many was lucky too. */
export interface WinnersCurse {
  trial: number;
  rerun: number;
  /** Accuracy of the trial, and the mean over the re-run's seeds; fractions of 1. */
  best: number;
  mean: number;
  /** Seeds of the mean. */
  seeds: number;
  /** Best minus mean. */
  difference: number;
}

interface Trial {
  readonly study: number | null;
  readonly number: number;
  readonly state: string;
  readonly accuracy: number | null;
}

/** A re-run as its view shows it; the first variant is the graph. */
interface Repeated {
  rerun: { id: number; study: number | null; trial: number | null };
  variants: readonly { mean: number | null; values: readonly { accuracy: number }[] }[];
}

/**
 * @param best of its study
 * @param reruns in order of creation; the newest with a result of the best trial counts
 * @returns null without one, and before a trial is completed
 */
export function winnersCurseOf(
  best: Trial | null,
  reruns: readonly Repeated[],
): WinnersCurse | null {
  if (best?.state !== 'completed' || best.accuracy === null) return null;
  const { study, number: trial, accuracy } = best;
  const found = reruns.findLast(
    ({ rerun, variants }) =>
      rerun.study === study && rerun.trial === trial && (variants[0]?.values.length ?? 0) > 0,
  );
  if (!found) return null;
  const { mean, values } = found.variants[0]!;
  const difference = winnersCurse(
    accuracy,
    values.map((each) => each.accuracy),
  );
  if (mean === null || difference === null) return null;
  return { trial, rerun: found.rerun.id, best: accuracy, mean, seeds: values.length, difference };
}

/** Returns `2.31 points above the mean of its re-run: the best of many trials was also lucky`. */
export function winnersCurseText({ difference }: WinnersCurse): string {
  const points = (100 * Math.abs(difference)).toFixed(2);
  return difference > 0
    ? `${points} points above the mean of its re-run: the best of many trials was also lucky`
    : `${points} points below the mean of its re-run`;
}
