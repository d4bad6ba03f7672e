import { LabError } from '../../base/errors.ts';
import { graphKey } from '../../graph/canonical.ts';
import { addRepeats, addRerun } from '../../search/repeat.ts';
import { withoutPlace } from '../../study/plan.ts';
import { trainedVariants, variantsOf } from '../../study/rerun.ts';
import type { RequestInput, RerunInput, RerunPreview, RerunView } from '../api.ts';
import type { Answers, LabContext } from '../lab-context.ts';
import { bundleOf } from '../bundle.ts';
import { rerunLatex } from '../latex.ts';
import { RETRIES, begin, inherited, powerOf, subjectOf } from '../repeated.ts';
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
  | 'reruns.export'
  | 'reruns.bundle'
  | 'reruns.verify';

/** Forms of the table of a re-run. */
const TABLES: Record<
  RequestInput<'reruns.export'>['format'],
  { ending: string; type: string; write: (view: RerunView) => string }
> = {
  csv: { ending: 'csv', type: 'text/csv', write: rerunCsv },
  json: {
    ending: 'json',
    type: 'application/json',
    write: (view) => `${JSON.stringify(view, null, 2)}\n`,
  },
  latex: { ending: 'tex', type: 'application/x-tex', write: rerunLatex },
};

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
      const { ending, type, write } = TABLES[format];
      return files.offer(`${view.rerun.name}.${ending}`, type, write(view), signal);
    },
    'reruns.bundle': async ({ rerun }, signal) => {
      const bundle = bundleOf(store, rerun);
      const text = `${JSON.stringify(bundle, null, 2)}\n`;
      return files.offer(`${bundle.name}.ktg-bundle`, 'application/json', text, signal);
    },
    'reruns.verify': (input) => verify(context, input),
  };
}

/** @throws LabError `bundle.other-data` where this lab knows that the data set is another one */
function verify(
  context: LabContext,
  { bundle, data = bundle.training.data, start }: RequestInput<'reruns.verify'>,
): RerunView {
  const { store, dataSets, now } = context;
  const found = dataSets.identityOf(data);
  if (found !== null && bundle.data !== null && found !== bundle.data)
    throw new LabError('bundle.other-data', { data, expected: bundle.data, found });
  const variants = bundle.variants.map(({ name, graph }) => ({
    name,
    graph,
    key: graphKey(graph),
  }));
  const name = `Verification of ${bundle.name}`.slice(0, 200);
  const rerun = addRepeats(
    store,
    {
      ...{ name, study: null, trial: null, variants, seeds: bundle.seeds },
      ...{ training: { ...withoutPlace(bundle.training), data }, retries: RETRIES, priority: 0 },
    },
    now(),
  );
  return begin(context, rerun, `${name} was created.`, start);
}

async function preview(
  context: LabContext,
  input: RequestInput<'reruns.preview'>,
): Promise<RerunPreview> {
  const { graph, training } = subjectOf(context.store, input);
  const { seeds } = input;
  const trained = trainedVariants(variantsOf(graph, input.baselines)).length;
  const runs = trained * seeds;
  const planned = { graph, training, seeds, runs, comparisons: trained - 1 };
  return { runs, ...(await powerOf(context, planned)) };
}

function create(context: LabContext, input: RerunInput): RerunView {
  const { store, now } = context;
  const { name, seeds, baselines, priority = 0, start } = input;
  const { graph, run, training } = subjectOf(store, input);
  const wish = {
    ...{ name, graph, seeds, baselines, training, priority },
    ...inherited(store, run, training),
  };
  const rerun = addRerun(store, wish, now());
  return begin(context, rerun, `Re-run "${name}" of ${seeds} seeds was created.`, start);
}
