import { LabError } from '../base/errors.ts';
import { evaluatedNodes } from '../graph/graph.ts';
import type { Store } from '../store/store.ts';
import type { RungDecision } from '../study/decision.ts';
import type { Environment } from '../study/environment.ts';
import { targetAccuracy } from '../study/metrics.ts';
import type { EpochMetrics } from '../study/metrics.ts';
import type { Judge } from './judge.ts';

/** The answer to a report. */
export interface Reception {
  go: boolean;
  /** A person wants the run's weights kept, also when it is stopped. */
  pinned: boolean;
  /**
   * False for an epoch that was reported before: nothing was recorded, the answer is the one given
   * then.
   */
  fresh: boolean;
  decisions: RungDecision[];
}

/** The attempt that reports. */
export interface Reporter {
  run: number;
  attempt: number;
  /**
   * Where its numbers are made, when that is not in the store yet: it comes with the first of them.
   */
  environment: Environment | null;
}

/**
 * Takes an epoch's report: records its metrics, decides, records decision and state, in one
 * transaction. Reporting an epoch again, as a run does that goes on from an earlier checkpoint,
 * changes nothing.
 *
 * @param judge the study's rule; null for runs that nothing stops
 * @throws LabError `search.epoch-gap` when epochs are missing before this one or it is none of the
 * run's, and what the store throws
 */
export function receive(
  store: Store,
  judge: Judge | null,
  { run, attempt, environment }: Reporter,
  metrics: EpochMetrics,
  at: number,
): Reception {
  let accuracy = NaN;
  const reception = store.transaction((): Reception => {
    const { epoch, state, graph, pinned, training } = store.run(run);
    accuracy = targetAccuracy(metrics, graph);
    if (metrics.epoch <= epoch) {
      const earlier = store.decisions({ run }).find((decision) => decision.rung === metrics.epoch);
      return { go: earlier?.go ?? true, pinned, fresh: false, decisions: [] };
    }
    const isNext = metrics.epoch === epoch + 1 && epoch < training.epochs;
    if (!isNext || state !== 'running' || metrics.nodes.length !== evaluatedNodes(graph).length)
      throw new LabError('search.epoch-gap', {
        run,
        reportedEpoch: metrics.epoch,
        reportedNodes: metrics.nodes.length,
        state,
        epoch,
        epochs: training.epochs,
        nodes: evaluatedNodes(graph).length,
      });
    if (environment)
      store.changeAttempt(run, attempt, { environment: store.addEnvironment(environment) });
    store.addEpoch(run, metrics, accuracy);
    const decisions = judge?.judge(run, metrics.epoch, accuracy) ?? [];
    for (const decision of decisions) store.addDecision(run, decision, at);
    const go = decisions.every((decision) => decision.go);
    if (!go) {
      store.changeRun(run, { state: 'stopped', endedAt: at });
      store.changeAttempt(run, attempt, { endedAt: at, outcome: 'stopped' });
    }
    return { go, pinned, fresh: true, decisions };
  });
  if (reception.fresh) judge?.recorded(run, metrics.epoch, accuracy, reception.decisions);
  return reception;
}
