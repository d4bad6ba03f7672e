/** Trials for tests of the screens. */
import { graphKey } from '../../core/graph/canonical.ts';
import { fromText } from '../../core/graph/text.ts';
import type { WireDecision, TrialRow, WireCurve } from '../../core/lab/api.ts';
import { reasonFrom, wireDecision } from '../../core/study/decision.ts';

/** A completed trial of two nodes; what a test cares about is given. */
export function trial(
  run: number,
  change: Partial<TrialRow> = {},
  text = 'resnet32=TT,resnet110=TC',
): TrialRow {
  const graph = fromText(text);
  return {
    run,
    kind: 'trial',
    study: 1,
    rerun: null,
    number: run - 1,
    variant: '',
    graph,
    key: graphKey(graph),
    seed: run,
    state: 'completed',
    epoch: 8,
    epochs: 8,
    accuracy: 0.5,
    accuracies: graph.nodes.map(() => 0.5),
    stop: null,
    failure: null,
    rejection: null,
    duplicateOf: null,
    pinned: false,
    attempts: 1,
    createdAt: 0,
    startedAt: run * 1000,
    endedAt: run * 1000 + 500,
    seconds: 4,
    ...change,
  };
}

export const curve = (run: number, ...accuracy: (number | null)[][]): WireCurve => ({
  run,
  accuracy,
});

export const decision = (change: Partial<Omit<WireDecision, 'reason'>>): WireDecision => {
  const { rung = 1, value = 0.5, go = true, ...numbers } = change;
  const reason = reasonFrom(value, { n: 1, rank: 1, limit: 1, median: null, ...numbers });
  return wireDecision({ rung, value, go, reason });
};
