import { type Estimate, correlationEstimate, possibleGood } from './estimate.ts';
import { effectiveNumber, rankCorrelation } from './ranks.ts';
import { sumOf } from './table.ts';

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

/** Agreement of a rung with the end. */
interface RungAudit {
  rung: number;
  /** Trials with values at both; a stopped one among them stands for others. */
  trials: number;
  /**
   * Spearman's rank correlation of the values among all trials; null where too few tell, or only
   * those that the rule let through.
   */
  correlation: Estimate | null;
}

/** Quality of the rule's decisions. */
export interface Audit {
  rungs: RungAudit[];
  /** Share of good graphs that the rule stopped; null where too few audit trials tell. */
  lost: Estimate | null;
  /** Trials that the rule stopped, those of them that continued for the audit, and its good ones. */
  stopped: number;
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
/** Least trials for a correlation, and least audit trials for a share: below it intervals say nothing. */
const LEAST = 5;

/**
 * Audits a stopping rule by the trials that reached the end: those that it let continue, and a
 * random share of those that it stopped, each weighted by the inverse of that share.
 *
 * @param goodShare share of all trials, by accuracy at the end, that counts as good
 */
export function auditOf(trials: readonly AuditedTrial[], goodShare = 0.1): Audit {
  const counted = trials.filter(({ isSpared }) => !isSpared);
  const ended = counted.filter(({ end }) => end !== null && Number.isFinite(end));
  const stopped = counted.filter(({ stoppedAt }) => stoppedAt !== null).length;
  const ranOn = ended.filter(({ stoppedAt }) => stoppedAt !== null).length;
  const weightOf: Weights = ({ stoppedAt }) => (stoppedAt === null ? 1 : stopped / ranOn);
  const rungs = [...new Set(trials.flatMap(({ values }) => [...values.keys()]))]
    .sort((a, b) => a - b)
    .map((rung): RungAudit => {
      const both = ended.filter(({ values }) => Number.isFinite(values.get(rung)));
      // Without an audit only trials with good ranks at the rungs are known at the end.
      const isKnown = stopped === 0 || ranOn > 0;
      const correlation = isKnown ? correlationAt(rung, both, weightOf) : null;
      return { rung, trials: both.length, correlation };
    });
  const agreeing = rungs.find(
    (each) => each.trials >= ENOUGH && each.correlation && each.correlation.value >= AGREES,
  );
  const bar = goodBar(ended, weightOf, goodShare);
  const good = ended.filter(({ end }) => end! >= bar);
  const ranOnGood = good.filter(({ stoppedAt }) => stoppedAt !== null).length;
  const through = good.length - ranOnGood;
  const lost = ranOn < LEAST ? null : lostOf({ stopped, ranOn, ranOnGood, through });
  return { rungs, lost, stopped, ranOn, ranOnGood, firstRung: agreeing?.rung ?? null };
}

type Weights = (trial: AuditedTrial) => number;

function correlationAt(
  rung: number,
  both: readonly AuditedTrial[],
  weightOf: Weights,
): Estimate | null {
  const weights = both.map(weightOf);
  const count = effectiveNumber(weights);
  const value = rankCorrelation(
    both.map(({ values }) => values.get(rung)!),
    both.map(({ end }) => end!),
    weights,
  );
  return value === null || count < LEAST ? null : correlationEstimate(value, count);
}

/** @param counts `through`: good trials that the rule let through, which are all known */
function lostOf(counts: {
  stopped: number;
  ranOn: number;
  ranOnGood: number;
  through: number;
}): Estimate {
  const { stopped, ranOn, ranOnGood, through } = counts;
  const share = (good: number): number => good / (good + through);
  const possible = possibleGood(ranOnGood, ranOn, stopped);
  return {
    value: share((stopped * ranOnGood) / ranOn),
    low: share(possible.low),
    high: share(possible.high),
  };
}

/** Returns the accuracy that a weighted share of all trials reaches. */
function goodBar(ended: readonly AuditedTrial[], weightOf: Weights, share: number): number {
  const descending = ended.toSorted((a, b) => b.end! - a.end!);
  let rest = share * sumOf(descending.map(weightOf));
  for (const trial of descending) {
    rest -= weightOf(trial);
    if (rest <= 0) return trial.end!;
  }
  return -Infinity;
}
