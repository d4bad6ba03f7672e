import { meanTest } from './statistics.ts';

/** The best trial of a study beside a re-run of it: the best of many was lucky too. */
export interface WinnersCurse {
  trial: number;
  rerun: number;
  /** Accuracy of the trial, and the mean over the re-run's seeds; fractions of 1. */
  best: number;
  mean: number;
  /** Seeds of the mean. */
  seeds: number;
  /**
   * Best minus mean; null where the re-run learned from other images than the trial or was judged by
   * others: then it says nothing of luck.
   */
  difference: number | null;
  /** Its 95 % interval, of the mean over the seeds; null without a difference, and for one seed. */
  interval: { low: number; high: number } | null;
}

interface Trial {
  readonly study: number | null;
  readonly number: number;
  readonly state: string;
  readonly accuracy: number | null;
}

/** A re-run as its view shows it; the first variant is the graph. */
interface Repeated<Training> {
  rerun: { id: number; study: number | null; trial: number | null; training: Training };
  variants: readonly { mean: number | null; values: readonly { accuracy: number }[] }[];
}

/**
 * Returns the luck of a study's best trial by the newest re-run of it that learned from the same
 * images and was judged by the same; without one, the newest re-run and no difference; null without
 * any, and before a trial is completed.
 *
 * @param best of its study
 * @param reruns in order of creation
 * @param isAlike whether a training learns from the images of the study's and is judged by them
 */
export function winnersCurseOf<Training>(
  best: Trial | null,
  reruns: readonly Repeated<Training>[],
  isAlike: (training: Training) => boolean,
): WinnersCurse | null {
  if (best?.state !== 'completed' || best.accuracy === null) return null;
  const { study, number: trial, accuracy } = best;
  const own = reruns.filter(
    ({ rerun, variants }) =>
      rerun.study === study && rerun.trial === trial && (variants[0]?.values.length ?? 0) > 0,
  );
  const alike = own.findLast(({ rerun }) => isAlike(rerun.training));
  const found = alike ?? own.at(-1);
  const { mean = null, values = [] } = found?.variants[0] ?? {};
  if (!found || mean === null) return null;
  const luck = meanTest(values.map((each) => accuracy - each.accuracy));
  return {
    ...{ trial, rerun: found.rerun.id, best: accuracy, mean, seeds: values.length },
    difference: alike ? accuracy - mean : null,
    interval: alike && luck?.df != null ? { low: luck.low, high: luck.high } : null,
  };
}

/** Returns `2.31 points above the mean of its re-run (95 % interval 1.20 to 3.42): ...`. */
export function winnersCurseText({ difference, interval }: WinnersCurse): string {
  if (difference === null)
    return (
      'its re-run learned from other images or was judged by others, so it cannot be told how ' +
      'lucky the best of many trials was; a re-run for the purpose "search" tells'
    );
  const points = (fraction: number): string => (100 * fraction).toFixed(2);
  const way = difference >= 0 ? 'above' : 'below';
  const within = interval
    ? ` (95 % interval ${points(interval.low)} to ${points(interval.high)})`
    : '';
  const text = `${points(Math.abs(difference))} points ${way} the mean of its re-run`;
  if (difference < 0) return text;
  const isClear = interval !== null && interval.low > 0;
  return `${text}${within}: ${isClear ? 'the best of many trials was also lucky' : 'luck is not shown by so few seeds'}`;
}
