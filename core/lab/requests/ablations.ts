import { requireTrainable } from '../../graph/check.ts';
import { type AblationWish, addAblation, outlineOf } from '../../search/ablation.ts';
import type { AblationPreview, RequestInput, RerunView } from '../api.ts';
import type { Answers, LabContext } from '../lab-context.ts';
import { begin, inherited, powerOf, subjectOf } from '../repeated.ts';

type Names = 'ablations.preview' | 'ablations.create';

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
  return {
    ...{ name, graph, kind: input.kind, seeds: input.seeds, training, priority },
    ...inherited(store, run, training),
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
  const comparisons = variants.length;
  return {
    runs,
    ...(await powerOf(context, { graph, training, seeds: seeds.length, runs, comparisons })),
    variants: variants.map(({ name }) => name),
    skipped,
    known: known.length,
  };
}

function create(context: LabContext, input: RequestInput<'ablations.create'>): RerunView {
  const { name, priority = 0, start } = input;
  const wish = wishOf(context, input, { name, priority });
  const rerun = addAblation(context.store, wish, context.now());
  return begin(context, rerun, `Ablation "${name}" was created.`, start);
}
