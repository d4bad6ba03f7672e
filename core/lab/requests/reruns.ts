import { LabError } from '../../base/errors.ts';
import { toText } from '../../graph/text.ts';
import { addRerun } from '../../search/repeat.ts';
import type { RerunInput, RerunView } from '../api.ts';
import type { Answers, LabContext } from '../lab-context.ts';

type Names =
  | 'reruns.list'
  | 'reruns.open'
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
        : files.offer(`${view.rerun.name}.csv`, 'text/csv', csv(view), signal);
    },
  };
}

function create(context: LabContext, input: RerunInput): RerunView {
  const { store, scheduler, views, batcher, now } = context;
  const { name, from, seeds, baselines, priority = 0, start } = input;
  const run = 'run' in from ? store.run(from.run) : null;
  const plan = run?.study != null ? store.study(run.study).plan : null;
  const training = input.training ?? (run && { ...run.training, purpose: 'final' as const });
  if (!training) throw new LabError('reruns.no-training');
  const rerun = addRerun(
    store,
    {
      name,
      graph: run ? run.graph : (from as { graph: RerunView['variants'][number]['graph'] }).graph,
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

/**
 * One line for each run, then one for each variant with its mean; with seed, protocol and data of
 * every number.
 */
function csv({ rerun, variants }: RerunView): string {
  const { data, protocol, purpose, epochs } = rerun.training;
  const about = [data, protocol, purpose, epochs];
  const head = 'variant,graph,seed,state,accuracy,epoch,data,protocol,purpose,epochs';
  const runs = variants.flatMap(({ name, graph, runs: own }) =>
    own.map(({ seed, state, accuracy, epoch }) =>
      line([name, toText(graph), seed, state, accuracy, epoch, ...about]),
    ),
  );
  const summaryHead =
    'variant,n,mean,standard deviation,difference to graph: graph minus variant,low (95 %),high (95 %)';
  const summary = variants.map(({ name, values, mean, standardDeviation, difference }) =>
    line([
      name,
      values.length,
      mean,
      standardDeviation,
      difference?.mean,
      difference?.low,
      difference?.high,
    ]),
  );
  return [head, ...runs, '', summaryHead, ...summary, ''].join('\r\n');
}

/** RFC 4180; a cell that a spreadsheet would take for a formula is made text. */
const line = (cells: readonly (string | number | null | undefined)[]): string =>
  cells
    .map((cell) => {
      if (typeof cell !== 'string') return String(cell ?? '');
      const text = /^[=+\-@\t]/.test(cell) ? `'${cell}` : cell;
      return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    })
    .join(',');
