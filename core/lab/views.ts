import { evaluatedNodes } from '../graph/graph.ts';
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

/** What a row takes from other records than its run. */
interface RowParts {
  /** Of every node at the last epoch of the run; a missing or null one has none. */
  readonly last: readonly (number | null | undefined)[];
  /** The first decision that stopped it. */
  readonly stop: RungDecision | undefined;
  /** As the store's `machinesOf`. */
  readonly machines: string[];
}

/** A run as a row of tables and charts. */
export function trialRow(store: Store, run: Run): TrialRow {
  return rowWith(store, run, {
    last: run.epoch === 0 ? [] : store.lastAccuracies(run.id),
    stop: mayHaveStop(run) ? store.decisions({ run: run.id }).find(({ go }) => !go) : undefined,
    machines: run.attempts === 0 ? [] : store.machinesOf(run.id),
  });
}

const mayHaveStop = ({ state, audit }: Run): boolean => state === 'stopped' || audit !== null;

/**
 * Rows of many trials of one study, from its curves and decisions: three questions for each
 * trial less. A curve that has grown since its run was read counts up to the run's epoch.
 */
export function trialRowsFrom(
  store: Store,
  study: number,
  curves: readonly WireCurve[],
): (run: Run) => TrialRow {
  const byRun = new Map(curves.map((curve) => [curve.run, curve]));
  const machines = store.machinesOfTrials(study);
  const stops = new Map<number, RungDecision>();
  for (const decision of store.decisions({ study })) {
    const before = stops.get(decision.run);
    if (!decision.go && !(before && before.rung < decision.rung)) stops.set(decision.run, decision);
  }
  return (run) =>
    rowWith(store, run, {
      last: byRun.get(run.id)?.accuracy.map((node) => node[run.epoch - 1]) ?? [],
      stop: mayHaveStop(run) ? stops.get(run.id) : undefined,
      machines: machines.get(run.id) ?? [],
    });
}

function rowWith(store: Store, run: Run, { last, stop, machines }: RowParts): TrialRow {
  const { id, training, dismissed, openTrials: _openTrials, notes, tags, ...rest } = run;
  const accuracies = evaluatedNodes(run.graph).map((node) => numberOrNull(last[node - 1] ?? NaN));
  return {
    ...rest,
    ...(machines.length > 0 && { machines }),
    ...(run.state === 'cancelled' && { dismissed }),
    ...(run.duplicateOf !== null && { original: store.run(run.duplicateOf).number }),
    ...(notes !== '' && { notes }),
    ...(tags.length > 0 && { tags }),
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
