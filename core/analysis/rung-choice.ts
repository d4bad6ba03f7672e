import type { AuditedTrial } from './audit.ts';

/** A stopping rule that could be used, judged by trials whose whole courses are known. */
export interface RungChoice {
  /** First rung, an epoch; the others are it times the reduction factor, as often as they fit. */
  firstRung: number;
  /** One in so many goes on. */
  reduction: number;
  /** Estimated share of the good graphs that come to their end. */
  kept: number;
  /** Mean epochs of a trial. */
  epochs: number;
}

/** Choices with their advice. */
export interface RungAdvice {
  /** Trials whose whole courses are known, and how many of them count as good. */
  trials: number;
  good: number;
  /** The cheapest first; empty for too few trials, where all ended alike (nothing is good), and without an audit. */
  choices: RungChoice[];
  /** The cheapest that keeps enough; the one that keeps most where none does; null without choices. */
  best: RungChoice | null;
}

/** Least trials for an estimate. */
const ENOUGH = 10;
/** Least share of good graphs that an advised rule keeps. */
export const KEPT = 0.8;
/** Share of the trials that count as good: about as many as the paper's rule lets come to the end. */
const GOOD = 0.05;
const REDUCTIONS = [2, 3, 4];

/** A trial with the value of every epoch, which stands for so many trials. */
interface Known {
  curve: readonly number[];
  end: number;
  weight: number;
}

/**
 * Plays stopping rules on trials whose whole courses are known: those that reached the end, and a
 * random share of the stopped ones, which stands for all of them. At a rung the best
 * 1 / reduction of the trials go on, by weight.
 *
 * @param epochs of a complete trial
 * @param goodShare share of all trials, by accuracy at the end, that counts as good
 */
export function rungAdvice(
  trials: readonly AuditedTrial[],
  epochs: number,
  goodShare = GOOD,
): RungAdvice {
  const known = knownCourses(trials, epochs);
  const differ = known.some(({ end }) => end !== known[0]!.end);
  if (known.length < ENOUGH || !differ)
    return { trials: known.length, good: 0, choices: [], best: null };
  const choices = REDUCTIONS.flatMap((reduction) =>
    firstRungs(epochs).map((firstRung) =>
      played(known, { firstRung, reduction, epochs, goodShare }),
    ),
  ).sort((a, b) => a.epochs - b.epochs || b.kept - a.kept);
  const enough = choices.find(({ kept }) => kept >= KEPT);
  const most = choices.reduce((best, each) => (each.kept > best.kept ? each : best), choices[0]!);
  const good = bestOf(known, ({ end }) => end, goodShare).length;
  const best = choices.length === 0 ? null : (enough ?? most);
  return { trials: known.length, good, choices, best };
}

/** Powers of two below the last epoch. */
function firstRungs(epochs: number): number[] {
  const rungs: number[] = [];
  for (let rung = 1; rung < epochs; rung *= 2) rungs.push(rung);
  return rungs;
}

function knownCourses(trials: readonly AuditedTrial[], epochs: number): Known[] {
  const counted = trials.filter(({ isSpared }) => !isSpared);
  const whole = counted.filter(
    ({ curve, end }) => end !== null && curve?.length === epochs && curve.every(Number.isFinite),
  );
  const stopped = counted.filter(({ stoppedAt }) => stoppedAt !== null).length;
  const ranOn = whole.filter(({ stoppedAt }) => stoppedAt !== null).length;
  // Those that the rule let through look as if its rungs had been right.
  if (stopped > 0 && ranOn === 0) return [];
  return whole.map(({ curve, end, stoppedAt }) => ({
    curve: curve!,
    end: end!,
    weight: stoppedAt === null ? 1 : stopped / ranOn,
  }));
}

function played(
  known: readonly Known[],
  rule: { firstRung: number; reduction: number; epochs: number; goodShare: number },
): RungChoice {
  const { firstRung, reduction, epochs, goodShare } = rule;
  let left = [...known];
  let [spent, done] = [0, 0];
  for (let rung = firstRung; rung < epochs; rung *= reduction) {
    spent += weightOf(left) * (rung - done);
    done = rung;
    left = bestOf(left, ({ curve }) => curve[rung - 1]!, 1 / reduction);
  }
  spent += weightOf(left) * (epochs - done);
  const good = bestOf(known, ({ end }) => end, goodShare);
  const survivors = new Set(left);
  const kept = weightOf(good.filter((each) => survivors.has(each))) / weightOf(good);
  return { firstRung, reduction, kept, epochs: spent / weightOf(known) };
}

const weightOf = (some: readonly Known[]): number =>
  some.reduce((sum, { weight }) => sum + weight, 0);

/** Trials with the highest values that weigh a share of all, at least one. */
function bestOf(some: readonly Known[], valueOf: (trial: Known) => number, share: number): Known[] {
  const descending = some.toSorted((a, b) => valueOf(b) - valueOf(a));
  let room = share * weightOf(some);
  return descending.filter(({ weight }, at) => {
    const fits = at === 0 || room >= weight / 2;
    room -= weight;
    return fits;
  });
}
