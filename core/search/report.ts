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
  /** A person has asked to keep the run's weights, also when it stops. */
  pinned: boolean;
  /**
   * False for an epoch that was reported before: nothing was recorded, the answer is the one given
   * then.
   */
  fresh: boolean;
  decisions: RungDecision[];
  /** The run goes on for the audit: nothing was judged. */
  audited?: true;
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
 * transaction. Reporting an epoch again, as a run does that continues from an earlier checkpoint,
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
    const record = store.run(run);
    const { epoch, state, graph, pinned, training, audit } = record;
    accuracy = targetAccuracy(metrics, graph);
    if (metrics.epoch <= epoch) {
      const earlier = store.decisions({ run }).find((decision) => decision.rung === metrics.epoch);
      const go = audit !== null || (earlier?.go ?? true);
      return { go, pinned, fresh: false, decisions: [] };
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
    if (audit !== null) return { go: true, pinned, fresh: true, decisions: [], audited: true };
    const judged = judge?.judge(run, metrics.epoch, accuracy) ?? [];
    const isStopped = judged.some(({ go }) => !go);
    const spared = isStopped ? (judge?.spares(record) ?? null) : null;
    const decisions = spared === 'starting-point' ? judged.map(keptOn) : judged;
    for (const decision of decisions) store.addDecision(run, decision, at);
    const runsOn = decisions.every(({ value }) => value !== null) && spared === 'audit';
    const stop = decisions.find((decision) => !decision.go);
    if (stop && runsOn) store.changeRun(run, { audit: stop.rung });
    const go = runsOn || !stop;
    if (!go) {
      store.changeRun(run, { state: 'stopped', endedAt: at });
      store.changeAttempt(run, attempt, { endedAt: at, outcome: 'stopped' });
    }
    return { go, pinned, fresh: true, decisions };
  });
  // What a trial does after the rule has stopped it is no measure for others.
  if (reception.fresh && !reception.audited)
    judge?.recorded(run, metrics.epoch, accuracy, reception.decisions);
  return reception;
}

/** A decision about a starting point that runs to the end: its value counts all the same. */
const keptOn = (decision: RungDecision): RungDecision =>
  decision.go || decision.value === null
    ? decision
    : { ...decision, go: true, reason: { kind: 'starting-point', n: decision.reason.n } };
