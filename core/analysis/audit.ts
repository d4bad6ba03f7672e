/** A trial with the values that an audit of a stopping rule needs. */
export interface AuditedTrial {
  /** Accuracy at each reached rung, by rung. */
  readonly values: ReadonlyMap<number, number>;
  /** Accuracy at the last epoch; null for a trial that did not reach it. */
  readonly end: number | null;
  /**
   * The rung at which the rule stopped it, even if it continued for the audit; null when the rule
   * never stopped it.
   */
  readonly stoppedAt: number | null;
  /** Accuracy after each epoch so far; for advice that plays other rules. */
  readonly curve?: readonly number[];
  /** The rule would have stopped it, but had to spare it: no random sample of anything. */
  readonly isSpared?: boolean;
}

/** Agreement of a rung with the end, over the trials that reached the end. */
interface RungAudit {
  rung: number;
  /**
   * Number of trials with values at both, and Spearman's rank correlation of the values; null when
   * undefined.
   */
  trials: number;
  correlation: number | null;
}

/** Quality of the rule's decisions. */
export interface Audit {
  rungs: RungAudit[];
  /** Estimated share of good graphs that the rule stopped; null without audit trials. */
  lost: number | null;
  /** Stopped trials that continued for the audit, and the good ones among them. */
  ranOn: number;
  ranOnGood: number;
  /**
   * Lowest rung whose ranks agree well with those of the end; null when none does or too few trials
   * tell.
   */
  firstRung: number | null;
}

/** Least trials, and least rank correlation, for a suggested first rung. */
const ENOUGH = 10;
const AGREES = 0.7;

/**
 * Audits a stopping rule by the trials that reached the end: those that it let continue, and a
 * random share of those that it stopped, each weighted by the inverse of that share.
 *
 * @param goodShare share of all trials, by accuracy at the end, that counts as good
 */
export function auditOf(trials: readonly AuditedTrial[], goodShare = 0.1): Audit {
  const ended = trials.filter(({ end }) => end !== null && Number.isFinite(end));
  const rungs = [...new Set(trials.flatMap(({ values }) => [...values.keys()]))].sort(
    (a, b) => a - b,
  );
  const audits = rungs.map((rung): RungAudit => {
    const both = ended.filter(({ values }) => Number.isFinite(values.get(rung)));
    const correlation = rankCorrelation(
      both.map(({ values }) => values.get(rung)!),
      both.map(({ end }) => end!),
    );
    return { rung, trials: both.length, correlation };
  });
  const agreeing = audits.find(
    (each) => each.trials >= ENOUGH && each.correlation !== null && each.correlation >= AGREES,
  );
  const counted = trials.filter(({ isSpared }) => !isSpared);
  const lost = lostOf(
    counted,
    ended.filter(({ isSpared }) => !isSpared),
    goodShare,
  );
  return { rungs: audits, ...lost, firstRung: agreeing?.rung ?? null };
}

function lostOf(
  trials: readonly AuditedTrial[],
  ended: readonly AuditedTrial[],
  goodShare: number,
): Pick<Audit, 'lost' | 'ranOn' | 'ranOnGood'> {
  const ranOn = ended.filter(({ stoppedAt }) => stoppedAt !== null);
  if (ranOn.length === 0) return { lost: null, ranOn: 0, ranOnGood: 0 };
  const stopped = trials.filter(({ stoppedAt }) => stoppedAt !== null).length;
  const weightOf = ({ stoppedAt }: AuditedTrial): number =>
    stoppedAt === null ? 1 : stopped / ranOn.length;
  const bar = goodBar(ended, weightOf, goodShare);
  const good = ended.filter(({ end }) => end! >= bar);
  const ranOnGood = good.filter(({ stoppedAt }) => stoppedAt !== null);
  const sum = (some: readonly AuditedTrial[]): number =>
    some.reduce((total, each) => total + weightOf(each), 0);
  return { lost: sum(ranOnGood) / sum(good), ranOn: ranOn.length, ranOnGood: ranOnGood.length };
}

/** Returns the accuracy that a weighted share of all trials reaches. */
function goodBar(
  ended: readonly AuditedTrial[],
  weightOf: (trial: AuditedTrial) => number,
  share: number,
): number {
  const descending = ended.toSorted((a, b) => b.end! - a.end!);
  let rest = share * descending.reduce((sum, each) => sum + weightOf(each), 0);
  for (const trial of descending) {
    rest -= weightOf(trial);
    if (rest <= 0) return trial.end!;
  }
  return -Infinity;
}

/**
 * Returns Spearman's rank correlation, equal values with their mean rank; null below three pairs or
 * without spread.
 */
export function rankCorrelation(a: readonly number[], b: readonly number[]): number | null {
  if (a.length < 3 || a.length !== b.length) return null;
  const [x, y] = [ranks(a), ranks(b)];
  const centre = (a.length + 1) / 2;
  let [xy, xx, yy] = [0, 0, 0];
  for (const [at, rank] of x.entries()) {
    xy += (rank - centre) * (y[at]! - centre);
    xx += (rank - centre) ** 2;
    yy += (y[at]! - centre) ** 2;
  }
  return xx === 0 || yy === 0 ? null : xy / Math.sqrt(xx * yy);
}

/** Returns ranks from 1, smallest first; equal values share their mean rank. */
function ranks(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).sort((a, b) => values[a]! - values[b]!);
  const found = new Array<number>(values.length);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let at = start; at < end; at++) found[order[at]!] = (start + 1 + end) / 2;
    start = end;
  }
  return found;
}
