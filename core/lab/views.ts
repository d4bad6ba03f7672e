import { rungsOf } from '../search/rules/rules.ts';
import type { Store } from '../store/store.ts';
import { type RungDecision, type WireDecision, wireDecision } from '../study/decision.ts';
import { numberOrNull, wireEpoch } from '../study/metrics.ts';
import type { Run } from '../study/run.ts';
import type { RunView, TrialRow, WireCurve } from './api.ts';

export const wireCurve = (store: Store, run: number): WireCurve => ({
  run,
  accuracy: store.curve(run).map((node) => node.map(numberOrNull)),
});

/** A run as a row of tables and charts. */
export function trialRow(store: Store, run: Run): TrialRow {
  const { id, training, dismissed, openTrials: _openTrials, ...rest } = run;
  const last = run.epoch === 0 ? [] : store.lastAccuracies(id);
  const accuracies = run.graph.nodes.map((_, node) => numberOrNull(last[node] ?? NaN));
  const stop =
    run.state === 'stopped' || run.audit !== null
      ? store.decisions({ run: id }).find(({ go }) => !go)
      : undefined;
  const machines = run.attempts === 0 ? [] : store.machinesOf(id);
  return {
    ...rest,
    ...(machines.length > 0 && { machines }),
    ...(run.state === 'cancelled' && { dismissed }),
    ...(run.duplicateOf !== null && { original: store.run(run.duplicateOf).number }),
    run: id,
    epochs: training.epochs,
    accuracies,
    stop: stop ? plainDecision(stop) : null,
  };
}

/** Without what the record around it says already. */
const plainDecision = ({ rung, value, go, reason }: RungDecision): WireDecision =>
  wireDecision({ rung, value, go, reason });

/** Everything about one run. */
export function runView(store: Store, run: Run, slot: string | null): RunView {
  const decisions = store.decisions({ run: run.id }).map(plainDecision);
  return {
    ...trialRow(store, run),
    ...neighbours(store, run),
    rungs:
      run.kind === 'trial'
        ? [...rungsOf(store.study(run.study!).plan.rule, run.training.epochs)]
        : [],
    training: run.training,
    decisions,
    attemptList: store.attempts({ run: run.id }).map((attempt) => ({
      ...attempt,
      made: attempt.environment === null ? null : store.environment(attempt.environment),
    })),
    checkpoint: store.checkpointOf(run.id) ?? null,
    slot,
    epochList: store.epochs(run.id).map(wireEpoch),
  };
}

/** Trials of a study follow each other by number, runs of a re-run by seed. */
function neighbours(
  store: Store,
  { id, kind, study, rerun, variant }: Run,
): Pick<RunView, 'before' | 'after'> {
  if (kind === 'pretrain') return { before: null, after: null };
  const row = store.runIds(
    kind === 'trial' ? { study: study!, kind } : { rerun: rerun!, kind, variant },
  );
  const at = row.indexOf(id);
  return { before: row[at - 1] ?? null, after: row[at + 1] ?? null };
}
