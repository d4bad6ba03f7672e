import type { Store } from '../store/store.ts';
import type { RungDecision } from '../study/decision.ts';
import type { Rule, StudyPlan } from '../study/plan.ts';
import { ladder, rule as ashaRule } from './asha.ts';
import type { Ladder } from './asha.ts';
import { medianRule, newHistory, takeReport } from './rules/median.ts';
import type { MedianHistory } from './rules/median.ts';

/**
 * A study's rule over all values recorded so far. It reads them from the store once and is told of each new one, so that a
 * decision costs the same at the first trial and at the last.
 */
export interface Judge {
  /** Epochs after which a worker must wait for the answer. */
  readonly rungs: readonly number[];
  /** What the rule says of an epoch; records nothing. Epochs of a run come in order without gaps. */
  judge(run: number, epoch: number, accuracy: number): RungDecision[];
  /** Told once the report is in the store. */
  recorded(run: number, epoch: number, accuracy: number, decisions: readonly RungDecision[]): void;
}

export function judgeOf(store: Store, study: number, plan: StudyPlan): Judge {
  if (plan.rule.kind === 'asha') return ashaJudge(store, study, ladderOf(plan.rule, plan.training.epochs));
  if (plan.rule.kind === 'median') return medianJudge(store, study, plan.rule, plan.training.epochs);
  return { rungs: [], judge: () => [], recorded: () => undefined };
}

/** Epochs at which a rule decides, ascending. */
export function rungsOf(rule: Rule, epochs: number): readonly number[] {
  if (rule.kind === 'asha') return ladderOf(rule, epochs).rungs;
  if (rule.kind === 'none') return [];
  const first = Math.max(1, rule.grace);
  return Array.from({ length: Math.max(0, epochs - first) }, (_, index) => first + index);
}

function ladderOf(rule: Rule & { kind: 'asha' }, epochs: number): Ladder {
  if (!rule.rungs) return ladder(epochs, rule.minimumResource, rule.reductionFactor);
  // The last epoch ends a trial anyway and is no rung.
  return { rungs: rule.rungs.filter((rung) => rung < epochs), reduction: rule.reductionFactor };
}

function ashaJudge(store: Store, study: number, { rungs, reduction }: Ladder): Judge {
  /** Recorded values by rung, ascending. */
  const values = new Map<number, number[]>();
  const valuesAt = (rung: number): number[] => {
    let known = values.get(rung);
    if (!known) values.set(rung, (known = store.rungValues(study, rung).sort((a, b) => a - b)));
    return known;
  };
  return {
    rungs,
    judge(_run, epoch, accuracy) {
      const filled = rungs.filter((rung) => rung < epoch).length;
      const standing = (rung: number) => {
        const recorded = valuesAt(rung);
        return { n: recorded.length + 1, better: recorded.length - placeAfter(recorded, accuracy) };
      };
      const { reason, verdicts } = ashaRule({ rungs, reduction }, filled, epoch, accuracy, standing);
      if (reason === 'not-a-number') return [notANumber(epoch, valuesAt(epoch).length)];
      return verdicts.map(({ rung, decision, n, rank, limit }) => ({
        rung,
        value: accuracy,
        go: decision === 'continue',
        n,
        rank,
        limit,
        median: null,
      }));
    },
    recorded(_run, _epoch, _accuracy, decisions) {
      for (const { rung, value } of decisions) {
        // A rung that was not looked at yet is read from the store later, with this value in it.
        const recorded = values.get(rung);
        if (value !== null) recorded?.splice(placeAfter(recorded, value), 0, value);
      }
    },
  };
}

/** How many of ascending values are at most `value`: its place among them, after its equals. */
function placeAfter(ascending: readonly number[], value: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function medianJudge(store: Store, study: number, rule: Rule & { kind: 'median' }, epochs: number): Judge {
  const histories = new Map<number, MedianHistory>();
  /** By epoch, the mean values of all trials that have come as far, ascending. */
  const means = new Map<number, number[]>();
  const take = (run: number, epoch: number, value: number): void => {
    const history = histories.get(run) ?? newHistory();
    histories.set(run, history);
    if (epoch <= history.epoch) return;
    const mean = takeReport(history, epoch, value, rule.grace);
    if (Number.isNaN(mean)) return;
    const there = means.get(epoch) ?? [];
    means.set(epoch, there);
    there.splice(placeAfter(there, mean), 0, mean);
  };
  let looked = false;
  /** The first time: what was reported before. A report that is about to be judged is in the store already. */
  const look = (judged: number, epoch: number): void => {
    if (looked) return;
    looked = true;
    for (const { run, accuracy } of store.curves({ study }))
      for (const [index, value] of accuracy[0]!.entries())
        if (run !== judged || index + 1 < epoch) take(run, index + 1, value);
  };
  return {
    rungs: rungsOf(rule, epochs),
    judge(run, epoch, accuracy) {
      // The last epoch ends a trial anyway.
      if (epoch === epochs) return [];
      look(run, epoch);
      const { best } = histories.get(run) ?? newHistory();
      const question = {
        epoch,
        value: accuracy,
        best: Number.isNaN(accuracy) ? best : Math.max(best, accuracy),
        means: means.get(epoch) ?? [],
      };
      const { decision, reason, n, median } = medianRule(question, rule);
      if (reason === 'not-a-number') return [notANumber(epoch, n)];
      if (reason !== 'judged') return [];
      return [{ rung: epoch, value: question.best, go: decision === 'continue', n, rank: null, limit: null, median }]; // prettier-ignore
    },
    recorded(run, epoch, accuracy) {
      look(run, epoch);
      take(run, epoch, accuracy);
    },
  };
}

const notANumber = (rung: number, n: number): RungDecision => ({
  rung,
  value: null,
  go: false,
  n,
  rank: null,
  limit: null,
  median: null,
});
