import { requireTrainable } from '../../graph/check.ts';
import { type AblationWish, addAblation, outlineOf } from '../../search/ablation.ts';
import type { AblationPreview, RequestInput, RerunView } from '../api.ts';
import type { Answers, LabContext } from '../lab-context.ts';
import { powerOf, subjectOf } from '../repeated.ts';

type Names = 'ablations.preview' | 'ablations.create';

const RETRIES = 2;

export const ablationRequests = (context: LabContext): Answers<Names> => ({
  'ablations.preview': (input) => preview(context, input),
  'ablations.create': (input) => create(context, input),
});

function wishOf(
  { store }: LabContext,
  input: RequestInput<'ablations.preview'>,
  { name, priority }: Pick<AblationWish, 'name' | 'priority'>,
): AblationWish {
  const { graph, run, training } = subjectOf(store, input);
  requireTrainable(graph, 'look');
  const plan = run?.study != null ? store.study(run.study).plan : null;
  return {
    ...{ name, priority, graph, training },
    kind: input.kind,
    seeds: input.seeds,
    study: run?.study ?? null,
    trial: run?.kind === 'trial' ? run.number : null,
    baseSeed: plan?.seed ?? training.splitSeed,
    retries: plan?.retries ?? RETRIES,
  };
}

async function preview(
  context: LabContext,
  input: RequestInput<'ablations.preview'>,
): Promise<AblationPreview> {
  const wish = wishOf(context, input, { name: '', priority: 0 });
  const { variants, skipped, seeds, known } = outlineOf(context.store, wish);
  const runs = (variants.length + 1) * seeds.length - known.length;
  const { graph, training } = wish;
  return {
    runs,
    ...(await powerOf(context, { graph, training, seeds: seeds.length, runs })),
    variants: variants.map(({ name }) => name),
    skipped,
    known: known.length,
  };
}

function create(context: LabContext, input: RequestInput<'ablations.create'>): RerunView {
  const { store, scheduler, views, batcher, now } = context;
  const { name, priority = 0, start } = input;
  const rerun = addAblation(store, wishOf(context, input, { name, priority }), now());
  batcher.log('info', `Ablation "${name}" was created.`, { study: rerun.study });
  if (start) scheduler.resume({ rerun: rerun.id });
  else batcher.rerun(rerun.id);
  return views.rerun(rerun.id);
}
