import type { TrainingPlan, TrialRow } from '../../../core/lab/api.ts';

/** A search by the held-out protocol trains on four fifths of the images, a re-run on all. */
const ALL_IMAGES = 5 / 4;

/**
 * Seconds that so many runs take on so many slots at the pace of a run of the same networks; null
 * when that has not done an epoch, or no slot is there.
 */
export function expectedTime(
  { seconds, epoch, epochs }: TrialRow,
  { protocol, purpose }: Pick<TrainingPlan, 'protocol' | 'purpose'>,
  runs: number,
  slots: number,
): number | null {
  if (epoch === 0 || slots === 0) return null;
  const more = protocol === 'held-out' && purpose === 'search' ? ALL_IMAGES : 1;
  return Math.ceil(runs / slots) * epochs * (seconds / epoch) * more;
}
