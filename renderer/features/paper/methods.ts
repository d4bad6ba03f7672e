/** What a paper says about how a study was done: one paragraph, ready to be pasted. */
import { describeParts, judgedTitle } from '../../../core/graph/describe.ts';
import type { Ensemble } from '../../../core/graph/graph.ts';
import { spaceText } from '../../../core/graph/space-size.ts';
import type { RerunView, StudyCard } from '../../../core/lab/api.ts';
import { architecture } from '../../../core/models/architecture.ts';
import { ruleOf } from '../../../core/search/rules/rules.ts';
import { samplers } from '../../../core/search/samplers/samplers.ts';
import { orderText } from '../../../core/study/order.ts';
import { cropOf, type Recipe } from '../../../core/study/recipe.ts';
import { counted } from '../../ui/format.ts';

export interface MethodsInput {
  readonly card: StudyCard;
  /** Title of its data set. */
  readonly data: string;
  /** Epochs of the rungs. */
  readonly rungs: readonly number[];
  /** Re-runs of its graphs. */
  readonly reruns: readonly RerunView[];
  /** Versions, revision, engines and devices that trained. */
  readonly provenance: Readonly<Record<string, unknown>>;
}

/** Data, protocol, search, recipe, seeds, versions and devices of a study in sentences. */
export function methodsText({ card, data, rungs, reruns, provenance }: MethodsInput): string {
  const { plan } = card.study;
  const { training, space } = plan;
  const judged =
    training.protocol === 'held-out'
      ? '20 % of the training images were held out to rank graphs, and the test images were used only for the re-runs'
      : 'graphs were ranked on the test images, as in the original paper';
  const networks = [...new Set(space.nodes.flatMap(({ models }) => models))]
    .map((model) => architecture(model).title)
    .join(', ');
  const { title } = samplers.find(({ name }) => name === plan.sampler)!;
  const sampler = [title, orderText(plan)].filter(Boolean).join(', ');
  const again = reruns.map(({ rerun }) => rerun.seeds.length);
  const of = (key: string): string | undefined => provenance[key] as string | undefined;
  return [
    `We searched knowledge transfer graphs of ${counted(space.nodes.length, 'node')} on ${data}: ${judged}.`,
    `The accuracy of ${judgedTitle(space)} counts${space.ensemble ? `: ${ensembleWords(space.ensemble)}` : ''}.`,
    `The search space (${spaceText(space)}) allows the networks ${networks}.`,
    ...describeParts(space).map((text) => `Edges ${text}.`),
    `${counted(card.done, 'trial')} of ${plan.trials} were trained (sampling: ${sampler}; seed ${plan.seed}), each for up to ${counted(training.epochs, 'epoch')}` +
      (rungs.length > 0
        ? `; at epochs ${rungs.join(', ')} ${ruleOf(plan.rule.kind).goesOn(plan.rule)}.`
        : '; no trial was stopped early.'),
    recipeText(training.recipe),
    again.length > 0
      ? `The reported accuracies are means over ${[...new Set(again)].join(' or ')} new seeds.`
      : '',
    [
      of('version') && `Software: KTG lab ${of('version')}`,
      of('revision') && `revision ${of('revision')}`,
      of('engine'),
      of('kernels') && `bfloat16 kernels of ${of('kernels')}`,
      of('device') && `on ${of('device')}`,
    ]
      .filter(Boolean)
      .join(', ') + '.',
  ]
    .filter((sentence) => sentence.length > 1)
    .join(' ');
}

/** Returns "an ensemble combines the networks by the mean of their logits". */
function ensembleWords({ combine, voters }: Ensemble): string {
  const networks = voters ? `networks ${voters.join(', ')}` : 'all networks';
  return `an ensemble combines ${networks} by the mean of their ${combine}`;
}

/** Optimiser, learning rate and augmentation of a recipe in two sentences. */
function recipeText(recipe: Recipe): string {
  const { batch, momentum, nesterov, weightDecay, learningRate, warmup } = recipe;
  const warm = warmup === undefined ? '' : ` after a linear warm-up of ${counted(warmup, 'epoch')}`;
  const how = nesterov === false ? 'momentum' : 'Nesterov momentum';
  const frozen =
    recipe.frozen === 'eval' ? '; pretrained networks normalised by their running statistics' : '';
  return (
    `Networks were trained with SGD, batches of ${batch} images, ${how} ${momentum}, weight decay ` +
    `${weightDecay} and a learning rate of ${learningRate}${warm}${scheduleWords(recipe)}. ` +
    `Training images were flipped at random and ${cropWords(recipe)}` +
    `${recipe.normalise ? ', then normalised by mean and standard deviation' : ''}${frozen}.`
  );
}

function scheduleWords({ schedule, drops }: Recipe): string {
  if (schedule === 'cosine') return ', decayed to 0 along a cosine';
  return drops.length > 0
    ? `, multiplied by 0.1 from epochs ${drops.join(', ')} on`
    : ', held constant';
}

function cropWords(recipe: Recipe): string {
  const crop = cropOf(recipe);
  if (crop.mode === 'resized')
    return `replaced by resized parts of at least ${100 * crop.area} % of their area`;
  const what = crop.mode === 'zero' ? 'zeros' : 'reflected pixels';
  return `cropped from images padded by ${crop.pixels} ${what}`;
}
