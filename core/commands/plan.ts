import { withLock } from '../graph/lock.ts';
import { paperSpace } from '../graph/space.ts';
import type { SearchSpace } from '../graph/space.ts';
import { PROTOCOLS } from '../data/split.ts';
import { parseInput } from '../lab/schemas.ts';
import { architecture } from '../models/architecture.ts';
import { requireCreatable } from '../search/preview.ts';
import { samplerNames } from '../search/samplers/samplers.ts';
import { recipeFor } from '../study/plan.ts';
import type { StudyPlan } from '../study/plan.ts';
import { freshSeed, paperPlan, quickLook } from '../study/presets.ts';
import { asWrongArguments, type Values } from './command.ts';
import {
  computationFrom,
  computationOptions,
  computationPart,
  computationUsage,
} from './computation.ts';
import { dataOf } from './data-option.ts';
import { networkUsage } from './networks.ts';
import { methodOptions, methodUsage, ruleFrom } from './search-method.ts';
import { choiceOf, textOf, integerOption } from './values.ts';

export const planOptions = {
  nodes: { type: 'string' },
  target: { type: 'string' },
  auxiliaries: { type: 'string' },
  lock: { type: 'string', multiple: true },
  frozen: { type: 'string' },
  trials: { type: 'string' },
  data: { type: 'string' },
  protocol: { type: 'string' },
  epochs: { type: 'string' },
  batch: { type: 'string' },
  seed: { type: 'string' },
  ...methodOptions,
  rejected: { type: 'string' },
  duplicates: { type: 'string' },
  retries: { type: 'string' },
  ...computationOptions,
} as const;

export const planUsage = `  --nodes N         networks in a graph, 1 to 7; default 3, on synthetic data 2
  --target MODEL    architecture of node 1; default resnet32, on synthetic data resnet8
  --auxiliaries M,M architectures that the other nodes may have
${networkUsage('architectures')}
  --lock L          narrows the space, as often as wanted: 2=resnet110, 2-1=correct, 0-3=through+cutoff
  --frozen yes|no   may auxiliary nodes be pretrained and frozen; default yes, on synthetic data no
  --trials N        graphs in all; default 1500, on synthetic data 32
  --data WHAT       synthetic (default), cifar100, cifar10, or a CIFAR archive or folder
  --protocol P      held-out (default): judged by a fifth of the training images; paper: by the test images
  --epochs N        of a whole run; default 200, on synthetic data 8
  --batch N         images in a batch, default 64
  --seed N          everything that is drawn comes from it; default: a new one
${methodUsage}
  --rejected R      a drawn graph whose target is frozen: resample (default) or count as a trial
  --duplicates D    an equal graph: reuse its result (default) or train it again
  --retries N       how often a run that crashes is started again; default 2
${computationUsage}`;

/**
 * Returns the plan of a study from its options. Defaults depend on the data: built-in pictures mean
 * a quick look.
 *
 * @throws WrongArguments for an invalid plan
 */
export function planFrom(values: Values): StudyPlan {
  try {
    const { plan } = parseInput('studies.preview', { plan: planAsSaid(values) });
    requireCreatable(plan);
    return plan;
  } catch (error) {
    throw asWrongArguments(error);
  }
}

function planAsSaid(values: Values): StudyPlan {
  const data = dataOf(values);
  const seed = integerOption(values, 'seed', freshSeed(), 0, Number.MAX_SAFE_INTEGER);
  const usual = data.startsWith('synthetic') ? quickLook(seed) : paperPlan(seed, 3);
  const epochs = integerOption(values, 'epochs', usual.training.epochs, 1, 100_000);
  const recipe = recipeFor(epochs);
  return {
    seed,
    trials: integerOption(values, 'trials', usual.trials, 1, 1_000_000),
    space: spaceFrom(values, usual.space),
    rule: ruleFrom(values),
    sampler: choiceOf(values, 'sampler', samplerNames, usual.sampler),
    training: {
      ...usual.training,
      data,
      protocol: choiceOf(values, 'protocol', PROTOCOLS, usual.training.protocol),
      epochs,
      recipe: { ...recipe, batch: integerOption(values, 'batch', recipe.batch, 1, 65_536) },
      ...computationPart(computationFrom(values)),
    },
    rejected: choiceOf(values, 'rejected', ['resample', 'count'], usual.rejected),
    duplicates: choiceOf(values, 'duplicates', ['reuse', 'train'], usual.duplicates),
    retries: integerOption(values, 'retries', usual.retries, 0, 100),
  };
}

function spaceFrom(values: Values, usual: SearchSpace): SearchSpace {
  const nodes = integerOption(values, 'nodes', usual.nodes.length, 1, 7);
  const [target, auxiliary] = usual.nodes.map(({ models }) => models);
  const auxiliaries = textOf(values, 'auxiliaries')?.split(',') ?? auxiliary!;
  const space = paperSpace(
    nodes,
    architecture(textOf(values, 'target') ?? target![0]!).name,
    auxiliaries.map((name) => architecture(name.trim()).name),
  );
  const frozen = choiceOf(values, 'frozen', ['yes', 'no'], usual.frozen ? 'yes' : 'no') === 'yes';
  return ((values.lock ?? []) as string[]).reduce(withLock, { ...space, frozen });
}
