/** A trial as the audit of a stopping rule sees it. */
export interface AuditedTrial {
  /** Accuracy by rung, at each rung that it has reached. */
  readonly values: ReadonlyMap<number, number>;
  /** Its accuracy at the last epoch; null for one that did not get there. */
  readonly end: number | null;
  /**
   * The rung at which the rule stopped it, though it may have run on; null for one that it never
   * stopped.
   */
  readonly stoppedAt: number | null;
}

/** What the trials that came to their end say of a rung. */
export interface RungAudit {
  rung: number;
  /**
   * Trials with a value there and at the end, and the rank correlation (Spearman) of the two; null
   * where undefined.
   */
  trials: number;
  correlation: number | null;
}

/** How good the rule's decisions were. */
export interface Audit {
  rungs: RungAudit[];
  /** Estimated share of the good graphs that the rule stopped; null without trials that ran on. */
  lost: number | null;
  /** Trials that were stopped and ran on all the same, and the good ones of them. */
  ranOn: number;
  ranOnGood: number;
  /**
   * Lowest rung whose ranks agree well enough with those of the end; null where none does or too
   * few trials say so.
   */
  firstRung: number | null;
}

/** Fewest trials, and the rank correlation, that a rung needs for a first rung. */
const ENOUGH = 10;
const AGREES = 0.7;

/**
 * Audits a stopping rule by the trials that came to their end: those it let through, and a random
 * share of those it stopped, each of which stands for as many stopped ones as were not to run on.
 *
 * @param goodShare trials that count as good, a share of all by their accuracy at the end
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
  return { rungs: audits, ...lostOf(trials, ended, goodShare), firstRung: agreeing?.rung ?? null };
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

/** The accuracy that a share of all trials reaches, each with its weight. */
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
 * Spearman's rank correlation, equal values with their mean rank; null below three pairs or without
 * any spread.
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

/** 1 is the smallest; equal values share the mean of their ranks. */
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
