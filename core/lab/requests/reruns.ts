import { minimalDifference } from '../../analysis/power.ts';
import { LabError } from '../../base/errors.ts';
import type { Graph } from '../../graph/graph.ts';
import { addRerun } from '../../search/repeat.ts';
import { expectedTime } from '../../search/speed.ts';
import { spreadOf } from '../../search/spread.ts';
import type { Store } from '../../store/store.ts';
import type { TrainingPlan } from '../../study/plan.ts';
import { trainedVariants, variantsOf } from '../../study/rerun.ts';
import type { Run } from '../../study/run.ts';
import type { RequestInput, RerunInput, RerunPreview, RerunView } from '../api.ts';
import type { Answers, LabContext } from '../lab-context.ts';
import { machineOf } from '../machine.ts';
import { rerunCsv } from '../rerun-table.ts';

type Names =
  | 'reruns.list'
  | 'reruns.open'
  | 'reruns.preview'
  | 'reruns.create'
  | 'reruns.resume'
  | 'reruns.pause'
  | 'reruns.stop'
  | 'reruns.rename'
  | 'reruns.remove'
  | 'reruns.environments'
  | 'reruns.export';

const RETRIES = 2;

export function rerunRequests(context: LabContext): Answers<Names> {
  const { store, scheduler, views, files, batcher } = context;
  return {
    'reruns.list': () => views.reruns(),
    'reruns.open': ({ rerun }) => views.rerun(rerun),
    'reruns.preview': (input) => preview(context, input),
    'reruns.create': (input) => create(context, input),
    'reruns.resume': ({ rerun }) => {
      scheduler.resume({ rerun });
      return views.rerun(rerun);
    },
    'reruns.pause': ({ rerun, when }) => {
      scheduler.pause({ rerun }, when);
      return views.rerun(rerun);
    },
    'reruns.stop': ({ rerun, when }) => {
      scheduler.stop({ rerun }, when);
      return views.rerun(rerun);
    },
    'reruns.rename': ({ rerun, name }) => {
      store.changeRerun(rerun, { name });
      scheduler.changed({ rerun });
      batcher.rerun(rerun);
      return views.rerun(rerun);
    },
    'reruns.remove': async ({ rerun }) => {
      store.rerun(rerun);
      const removed = scheduler.remove({ rerun });
      batcher.now({ topic: 'reruns', type: 'rerun-removed', rerun });
      await removed;
      return {};
    },
    'reruns.environments': ({ rerun }) => {
      store.rerun(rerun);
      const attempts = store.runs({ rerun }).flatMap(({ id }) => store.attempts({ run: id }));
      const ids = new Set(attempts.flatMap(({ environment }) => environment ?? []));
      return [...ids].map((id) => store.environment(id));
    },
    'reruns.export': async ({ rerun, format }, signal) => {
      const view = views.rerun(rerun);
      return format === 'json'
        ? files.offer(
            `${view.rerun.name}.json`,
            'application/json',
            `${JSON.stringify(view, null, 2)}\n`,
            signal,
          )
        : files.offer(`${view.rerun.name}.csv`, 'text/csv', rerunCsv(view), signal);
    },
  };
}

/** The graph, the run that it comes from and its training. */
function subjectOf(
  store: Store,
  { from, training: wanted }: Pick<RerunInput, 'from' | 'training'>,
): { graph: Graph; run: Run | null; training: TrainingPlan } {
  const run = 'run' in from ? store.run(from.run) : null;
  const training = wanted ?? (run && { ...run.training, purpose: 'final' as const });
  if (!training) throw new LabError('reruns.no-training');
  return { graph: 'graph' in from ? from.graph : run!.graph, run, training };
}

async function preview(
  context: LabContext,
  input: RequestInput<'reruns.preview'>,
): Promise<RerunPreview> {
  const { graph, training } = subjectOf(context.store, input);
  const { seeds } = input;
  const runs = trainedVariants(variantsOf(graph, input.baselines)).length * seeds;
  const { spread, runs: spreadRuns } = await spreadOf(
    context.store,
    training,
    graph.nodes[0]!.model,
  );
  const times = minimalDifference(seeds, 'welch');
  return {
    runs,
    spread,
    spreadRuns,
    detectable: times === null ? null : times * spread,
    expectedTime: expectedTime(context.store, { graph, runs, training }, machineOf(context)),
  };
}

function create(context: LabContext, input: RerunInput): RerunView {
  const { store, scheduler, views, batcher, now } = context;
  const { name, seeds, baselines, priority = 0, start } = input;
  const { graph, run, training } = subjectOf(store, input);
  const plan = run?.study != null ? store.study(run.study).plan : null;
  const rerun = addRerun(
    store,
    {
      name,
      graph,
      study: run?.study ?? null,
      trial: run?.kind === 'trial' ? run.number : null,
      seeds,
      baseSeed: plan?.seed ?? training.splitSeed,
      baselines,
      training,
      retries: plan?.retries ?? RETRIES,
      priority,
    },
    now(),
  );
  batcher.log('info', `Re-run "${name}" of ${seeds} seeds was created.`, { study: rerun.study });
  if (start) scheduler.resume({ rerun: rerun.id });
  else batcher.rerun(rerun.id);
  return views.rerun(rerun.id);
}
