/** Number of trials at a rung, and how many of them continued. */
interface Survival {
  rung: number;
  decided: number;
  wentOn: number;
}

/** Facts from which the time left of a study follows. */
export interface Outlook {
  epochs: number;
  survival: readonly Survival[];
  /**
   * Share that is expected to continue at a rung before anything is known: 1 / reduction factor.
   */
  expectedShare: number;
  /** Trials to be started yet, those that will turn out as duplicates or rejected left out. */
  fresh: number;
  /** Epochs done by each trial that is under way or waits to continue. */
  underWay: readonly number[];
  /** Epochs of other work that comes first, such as pretraining. */
  before: number;
  /** Mean seconds of an epoch; null before the first. */
  secondsPerEpoch: number | null;
  slots: number;
}

/** Weight of `expectedShare` in trials. */
const PRIOR = 2;

/**
 * Seconds until a study is done, from how many trials survive each rung; null when no epoch was
 * timed yet or there is no slot. Not less than what the longest trial under way is expected to take
 * alone.
 */
export function timeLeft(outlook: Outlook): number | null {
  const { epochs, fresh, underWay, before, secondsPerEpoch, slots } = outlook;
  if (secondsPerEpoch === null || slots === 0) return null;
  const beyond = expectedEpochs(outlook);
  const remaining = underWay.map((epoch) => beyond[Math.min(epoch, epochs)]!);
  const total = fresh * beyond[0]! + remaining.reduce((sum, each) => sum + each, 0) + before;
  return Math.max(total / slots, ...remaining) * secondsPerEpoch;
}

/** Expected further epochs of a trial that has done (and survived) so many: index 0..epochs. */
export function expectedEpochs({ epochs, survival, expectedShare }: Outlook): number[] {
  const share = new Map(
    survival.map(({ rung, decided, wentOn }) => [
      rung,
      (wentOn + expectedShare * PRIOR) / (decided + PRIOR),
    ]),
  );
  const beyond = new Array<number>(epochs + 1).fill(0);
  for (let epoch = epochs - 1; epoch >= 0; epoch--)
    beyond[epoch] = 1 + (share.get(epoch + 1) ?? 1) * beyond[epoch + 1]!;
  return beyond;
}
