import { isFrozen, nodeNumbers } from '../../graph/graph.ts';
import { LabError } from '../../base/errors.ts';
import type { Run, TrialQuery } from '../api.ts';
import type { Answers, LabContext } from '../lab-context.ts';
import { wireDecision } from '../../study/decision.ts';
import { wireEpoch } from '../../study/metrics.ts';
import { weightsOfNode, weightsWith } from '../../train/weights.ts';
import { environmentOf } from '../run-environment.ts';
import { runView } from '../views.ts';
import { networkFile } from './network-file.ts';

type Names =
  | 'trials.query'
  | 'runs.open'
  | 'runs.epochs'
  | 'runs.pin'
  | 'runs.annotate'
  | 'runs.stop'
  | 'runs.retry'
  | 'runs.weights'
  | 'decisions.list'
  | 'compare.runs';

/** Rows of an answer when no limit is given. */
const LIMIT = 100_000;

export function runRequests(context: LabContext): Answers<Names> {
  const { store, scheduler, views, files, batcher } = context;
  const open = (id: number) => {
    const slot = scheduler.occupations().find(({ run }) => run === id)?.slot ?? null;
    return runView(store, store.run(id), slot);
  };
  return {
    'trials.query': async (query) => {
      store.study(query.study);
      const found = (await views.trials(query.study)).filter((run) => fits(run, query));
      const { sort, offset = 0, limit = LIMIT } = query;
      if (sort) found.sort(byKey(sort.by, sort.descending));
      return { rows: await views.rows(found.slice(offset, offset + limit)), total: found.length };
    },
    'runs.open': ({ run }) => open(run),
    'runs.epochs': ({ run, after = 0 }) => {
      store.run(run);
      return store.epochs(run, after).map(wireEpoch);
    },
    'runs.pin': ({ run, pinned }) => {
      scheduler.pin(run, pinned);
      return views.row(run);
    },
    'runs.annotate': ({ run, ...change }) => {
      store.run(run);
      store.changeRun(run, change);
      batcher.run(run);
      return views.row(run);
    },
    'runs.stop': ({ run, when }) => {
      scheduler.stopRun(run, when);
      return views.row(run);
    },
    'runs.retry': ({ run }) => {
      scheduler.retryRun(run);
      return views.row(run);
    },
    'runs.weights': async ({ run, node, format }, signal) => {
      const record = store.run(run);
      const { seed, training } = record;
      const checkpoint = store.checkpointOf(run);
      if (!checkpoint) throw new LabError('runs.no-weights', { title: views.titleOf(record) });
      const chunks = store.readCheckpoint(checkpoint.id);
      const made = { seed, training, environment: environmentOf(store, run) };
      const part = node === undefined ? '' : `-node-${node}`;
      const name = `${fileTitle(views.titleOf(record))}-epoch-${checkpoint.epoch}${part}`;
      if (format !== undefined) {
        const own = weightsOfNode(made, chunks, node ?? 1);
        return networkFile(context, name, own, { format, data: training.data }, signal);
      }
      return files.offer(
        `${name}.safetensors`,
        'application/octet-stream',
        node === undefined ? weightsWith(made, chunks) : weightsOfNode(made, chunks, node),
        signal,
      );
    },
    'decisions.list': (of) => {
      if ('study' in of) store.study(of.study);
      else store.run(of.run);
      return store.decisions(of).map(wireDecision);
    },
    'compare.runs': ({ runs }) => views.each(runs, open),
  };
}

function fits(run: Run, query: TrialQuery): boolean {
  const { states, edges = [], frozen, minimumAccuracy, maximumAccuracy, minimumEpoch } = query;
  const { graph, accuracy, epoch, state } = run;
  if (states && !states.includes(state)) return false;
  if (frozen !== undefined && nodeNumbers(graph).some((node) => isFrozen(graph, node)) !== frozen)
    return false;
  if (minimumAccuracy !== undefined && (accuracy ?? -1) < minimumAccuracy) return false;
  if (maximumAccuracy !== undefined && (accuracy ?? 2) > maximumAccuracy) return false;
  if (minimumEpoch !== undefined && epoch < minimumEpoch) return false;
  return edges.every((wanted) =>
    graph.edges.some(
      ({ source, destination, gate }) =>
        source === wanted.source && destination === wanted.destination && gate === wanted.gate,
    ),
  );
}

/** A title as part of a file's name: `Study-M3-trial-17`. */
const fileTitle = (title: string): string =>
  title
    .replace(/[^\p{L}\p{N}._=+-]+/gu, '-')
    .replace(/^[-.]+|-+$/g, '')
    .slice(0, 120);

type Key = NonNullable<TrialQuery['sort']>['by'];

/** What is unknown comes last, whatever the direction; equal ones by their number. */
function byKey(key: Key, descending: boolean): (a: Run, b: Run) => number {
  return (a, b) => {
    const [x, y] = [a[key], b[key]];
    if (x === y) return a.number - b.number;
    if (x === null) return 1;
    if (y === null) return -1;
    return (x < y ? -1 : 1) * (descending ? -1 : 1);
  };
}
