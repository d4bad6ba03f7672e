import { setImmediate } from 'node:timers/promises';
import { graphKey } from '../graph/canonical.ts';
import { evaluatedNodes, goalOf } from '../graph/graph.ts';
import { judgeDraw } from '../graph/space.ts';
import type { Store } from '../store/store.ts';
import type { OptunaReport, OptunaStudy, OptunaTrial } from '../store/transfer/optuna-file.ts';
import { unmeasuredNode } from '../study/metrics.ts';
import type { Study } from '../study/study.ts';
import { judgeOf } from './judge.ts';
import { graphOf, notASearch, planOf } from './optuna-plan.ts';

/** Name that the slots of imported trials have. */
const SLOT = 'optuna';
/** Records written in one turn of the event loop. */
const PORTION = 50;

/**
 * Brings in a search of the authors' published code as Optuna kept it: graphs, accuracies of node 1
 * (or of the ensemble that counts) after each epoch, and which trials were stopped. What Optuna does not hold stays open: the other
 * nodes' numbers, edges, weights and environment. Protocol `paper`, CIFAR-100 and the paper's
 * recipe are taken as given.
 *
 * The format, as facts of that code: `model_<i>_name` is the network of node i + 1,
 * `<row>_<column>_gate` the gate of the edge from node column + 1 into node row + 1, on the
 * diagonal that of the label's edge; reports are errors (direction minimize) or accuracies
 * (maximize), in percent or all as fractions of 1.
 *
 * @throws LabError `import.not-a-graph-search`, and what the store throws
 */
export async function importOptuna(
  store: Store,
  read: OptunaStudy,
  name?: string,
  now = Date.now(),
): Promise<Study> {
  const plan = planOf(read);
  const study = store.addStudy(
    {
      name: name ?? read.name,
      plan,
      priority: 0,
      notes: `Imported from Optuna: ${read.name}`,
      createdAt: now,
    },
    'hidden',
  );
  try {
    const runs = await addTrials(store, study, read.trials, now);
    await addReports(store, study, read, runs);
    await inPortions(store, read.trials, (trial) => {
      end(store, runs, trial);
    });
    return store.transaction(() => {
      store.changeStudy(study.id, { state: 'running' });
      store.changeStudy(study.id, {
        state: 'completed',
        startedAt: earliest(read.trials.map((trial) => trial.startedAt)),
        endedAt: now,
      });
      store.showStudy(study.id);
      return store.study(study.id);
    });
  } catch (error) {
    await store.removeStudy(study.id);
    throw error;
  }
}

/**
 * Writes something for each item, some of them in one transaction and one turn of the event loop.
 */
async function inPortions<Item>(
  store: Store,
  items: readonly Item[],
  write: (item: Item) => void,
): Promise<void> {
  for (let start = 0; start < items.length; start += PORTION) {
    store.transaction(() => {
      items.slice(start, start + PORTION).forEach(write);
    });
    await setImmediate();
  }
}

/** Runs by trial; those that were never drawn to their end are left out. */
async function addTrials(
  store: Store,
  study: Study,
  trials: readonly OptunaTrial[],
  now: number,
): Promise<Map<number, number>> {
  const runs = new Map<number, number>();
  const drawn = trials.filter((trial) => trial.parameters.size > 0);
  await inPortions(store, drawn, (trial) => {
    const graph = graphOf(trial, study.plan.space);
    const { rejected } = judgeDraw(study.plan.space, graph);
    const run = store.addRun({
      kind: 'trial',
      study: study.id,
      rerun: null,
      number: trial.number,
      variant: '',
      graph,
      key: graphKey(graph),
      seed: trial.seed ?? 0,
      training: study.plan.training,
      createdAt: trial.startedAt ?? now,
      ...(rejected && { state: 'rejected' as const, rejection: rejected }),
    });
    if (rejected) return;
    store.changeRun(run.id, { state: 'running', startedAt: trial.startedAt });
    store.addAttempt(run.id, SLOT, trial.startedAt ?? now);
    runs.set(trial.number, run.id);
  });
  return runs;
}

/** Reports in their order of arrival, so that each decision has the rank it had. */
async function addReports(
  store: Store,
  study: Study,
  read: OptunaStudy,
  runs: ReadonlyMap<number, number>,
): Promise<void> {
  const { trials, reports } = read;
  const judge = judgeOf(store, study.id, study.plan);
  const accuracyOf = accuracyFrom(read);
  const last = new Map(reports.map(({ trial, step }) => [trial, step]));
  await inPortions(store, reports, (report) => {
    const { trial, step } = report;
    const run = runs.get(trial);
    if (run === undefined) return;
    const accuracy = accuracyOf(report);
    const { graph } = store.run(run);
    const metrics = {
      epoch: step,
      seconds: 0,
      nodes: evaluatedNodes(graph).map((node) => ({
        ...unmeasuredNode,
        accuracy: node === goalOf(graph) ? accuracy : NaN,
      })),
      edges: graph.edges.map(() => null),
    };
    store.addEpoch(run, metrics, accuracy);
    // What Optuna did is what happened: with many processes at once it may have counted
    // differently.
    const go = trials[trial]!.state !== 'PRUNED' || step !== last.get(trial);
    const decisions = judge.judge(run, step, accuracy).map((decision) => ({ ...decision, go }));
    for (const decision of decisions)
      store.addDecision(run, decision, trials[trial]!.startedAt ?? 0);
    judge.recorded(run, step, accuracy, decisions);
  });
}

function end(
  store: Store,
  runs: ReadonlyMap<number, number>,
  { number, state, endedAt }: OptunaTrial,
): void {
  const run = runs.get(number);
  if (run === undefined) return;
  const outcome = ({ COMPLETE: 'completed', PRUNED: 'stopped', FAIL: 'crash' } as const)[
    state as 'FAIL'
  ];
  store.changeAttempt(run, 1, {
    outcome: outcome ?? 'interrupted',
    ...(endedAt !== null && { endedAt }),
  });
  if (state === 'COMPLETE') store.changeRun(run, { state: 'completed', endedAt });
  else if (state === 'PRUNED') store.changeRun(run, { state: 'stopped', endedAt });
  else if (state === 'FAIL')
    store.changeRun(run, {
      state: 'failed',
      endedAt,
      failure: {
        kind: 'crash',
        code: '',
        message: 'Optuna lists it as failed.',
        next: '',
        epoch: store.run(run).epoch,
      },
    });
  else store.changeRun(run, { state: 'cancelled', endedAt });
}

/**
 * The accuracies that the reports of a study stand for, as fractions of 1; not-a-number stays so.
 */
function accuracyFrom({ direction, reports }: OptunaStudy): (report: OptunaReport) => number {
  const isPercent = reports.some(({ value }) => Math.abs(value) > 1);
  return ({ trial, step, value }) => {
    const fraction = isPercent ? value / 100 : value;
    if (fraction < 0 || fraction > 1)
      throw notASearch(
        `trial ${trial} reports ${value} at epoch ${step}, which is neither an accuracy nor an error`,
      );
    if (direction === 'maximize') return fraction;
    return isPercent ? (100 - value) / 100 : 1 - fraction;
  };
}

function earliest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length > 0 ? Math.min(...known) : null;
}
