import { withLock } from '../graph/lock.ts';
import { combines } from '../graph/graph.ts';
import { paperSpace, withListsBetween, withSpaceEnsemble } from '../graph/space.ts';
import type { EdgeLists, SearchSpace } from '../graph/space.ts';
import { type KindName, kindNames } from '../kinds/kinds.ts';
import { isBuiltIn } from '../data/sets/sets.ts';
import { PROTOCOLS } from '../data/split.ts';
import { parseInput } from '../lab/schemas.ts';
import { architecture } from '../models/architecture.ts';
import { requireCreatable } from '../search/preview.ts';
import { samplerNames } from '../search/samplers/samplers.ts';
import type { StudyPlan } from '../study/plan.ts';
import { AUDIT_SHARE, freshSeed, paperPlan, quickLook } from '../study/presets.ts';
import { usualStart } from '../study/start.ts';
import { asWrongArguments, type Values } from './command.ts';
import { computationFrom, computationOptions, computationPart } from './computation.ts';
import { dataOf, dataOption } from './data-option.ts';
import { methodOptions, orderFrom, ruleFrom } from './search-method.ts';
import { priorOptions, priorPart } from './prior-option.ts';
import { recipeFrom, recipeOptions } from './recipe-options.ts';
import { startFrom, startOptions } from './start-option.ts';
import { choiceOf, textOf, integerOption } from './values.ts';
import type { Options } from './command.ts';

/** Options that describe the plan of a study. */
export const planOptions = {
  nodes: {
    type: 'string',
    value: 'N',
    help: 'networks in a graph, 1 to 7; default 3, on synthetic data 2',
  },
  target: {
    type: 'string',
    value: 'MODEL',
    help: 'architecture of node 1; default resnet32, on synthetic data resnet8',
  },
  auxiliaries: {
    type: 'string',
    value: 'M,M',
    help: 'possible architectures of the other nodes',
  },
  lock: {
    type: 'string',
    value: 'L',
    multiple: true,
    help:
      'narrows the space; may be repeated: 2=resnet110, 2-1=correct, 0-3=through+cutoff, 2-1@2, ' +
      '2-1.kind=kl+repel, 2-1.weight=0.1+1, e-1=T',
  },
  temperatures: {
    type: 'string',
    value: 'N,N',
    help: 'temperatures that edges between networks may have; default 1, as in the paper',
  },
  kinds: {
    type: 'string',
    value: 'K,K',
    help: `losses that edges between networks may have: ${kindNames.join(', ')}; default kl`,
  },
  'edge-weights': {
    type: 'string',
    value: 'N,N',
    help: 'factors that losses between networks may have; default 1',
  },
  frozen: {
    type: 'string',
    value: 'yes|no',
    help: 'whether auxiliary nodes may be pretrained and frozen; default yes, on synthetic data no',
  },
  ...recipeOptions,
  ensemble: {
    type: 'string',
    value: combines.join('|'),
    help: 'adds an ensemble of all networks: mean of their logits, or of their probabilities',
  },
  objective: {
    type: 'string',
    value: 'target|ensemble',
    help: 'whose accuracy the search maximises; default target',
  },
  trials: {
    type: 'string',
    value: 'N',
    help: 'graphs in total; default 1500, on synthetic data 32',
  },
  ...dataOption,
  protocol: {
    type: 'string',
    value: 'P',
    help:
      'held-out (default): judged by a fifth of the training images; ' +
      'paper: judged by the test images',
  },
  epochs: {
    type: 'string',
    value: 'N',
    help: 'epochs of a complete run; default 200, on synthetic data 8',
  },
  seed: {
    type: 'string',
    value: 'N',
    help: 'decides every random number of the study; default: a new one',
  },
  ...methodOptions,
  ...priorOptions,
  ...startOptions,
  audit: {
    type: 'string',
    value: 'N',
    help: 'percent of the stopped trials that run on, to tell how well the rule decides; default 5',
  },
  rejected: {
    type: 'string',
    value: 'R',
    help: 'a drawn graph with a frozen target: resample (default) or count as a trial',
  },
  duplicates: {
    type: 'string',
    value: 'D',
    help: 'an equal graph: reuse its result (default) or train it again',
  },
  retries: {
    type: 'string',
    value: 'N',
    help: 'how often a crashed run starts again; default 2',
  },
  ...computationOptions,
} as const satisfies Options;

/** The option `--priority` of a study. */
export const priorityOption = {
  priority: {
    type: 'string',
    value: 'N',
    help: 'studies with higher priority get free slots first; default 0',
  },
} as const satisfies Options;

/**
 * Returns the plan of a study from its options. Defaults depend on the data: built-in pictures mean
 * a quick look.
 *
 * @throws WrongArguments for an invalid plan
 */
export function planFrom(values: Values): StudyPlan {
  try {
    const { plan } = parseInput('studies.preview', { plan: planFromOptions(values) });
    requireCreatable(plan);
    return plan;
  } catch (error) {
    throw asWrongArguments(error);
  }
}

function planFromOptions(values: Values): StudyPlan {
  const data = dataOf(values);
  const seed = integerOption(values, 'seed', freshSeed(), 0, Number.MAX_SAFE_INTEGER);
  const usual = isBuiltIn(data) ? quickLook(seed) : paperPlan(seed, 3);
  const epochs = integerOption(values, 'epochs', usual.training.epochs, 1, 100_000);
  const sampler = choiceOf(values, 'sampler', samplerNames, usual.sampler);
  const inOrder = orderFrom(values, sampler);
  return {
    seed,
    trials: integerOption(values, 'trials', usual.trials, 1, 1_000_000),
    space: spaceFrom(values, usual.space),
    rule: ruleFrom(values),
    sampler,
    ...priorPart(values, sampler),
    ...(inOrder !== undefined && { inOrder }),
    start: startFrom(values, usual.start ?? usualStart),
    audit: integerOption(values, 'audit', AUDIT_SHARE * 100, 0, 100) / 100,
    training: {
      ...usual.training,
      data,
      protocol: choiceOf(values, 'protocol', PROTOCOLS, usual.training.protocol),
      epochs,
      recipe: recipeFrom(values, epochs),
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
  const open = withListsBetween(space, listsFrom(values));
  return ((values.lock ?? []) as string[]).reduce(
    withLock,
    withVoters(values, { ...open, frozen }),
  );
}

/** Returns what edges between networks may be, as far as the options say. */
function listsFrom(values: Values): Partial<EdgeLists> {
  const listed = (option: string): string[] | undefined =>
    textOf(values, option)
      ?.split(',')
      .map((part) => part.trim().toLowerCase());
  const kinds = listed('kinds') as KindName[] | undefined; // checked with the space
  const numbers = (option: string): number[] | undefined =>
    listed(option)?.map((part) => (part === '' ? NaN : Number(part)));
  const [weights, temperatures] = [numbers('edge-weights'), numbers('temperatures')];
  return {
    ...(kinds && { kinds }),
    ...(weights && { weights }),
    ...(temperatures && { temperatures }),
  };
}

/** Returns the space with the ensemble that the options ask for. */
function withVoters(values: Values, space: SearchSpace): SearchSpace {
  const isObjective =
    choiceOf(values, 'objective', ['target', 'ensemble'], 'target') === 'ensemble';
  if (textOf(values, 'ensemble') === undefined && !isObjective) return space;
  const combine = choiceOf(values, 'ensemble', combines, 'logits');
  return withSpaceEnsemble(space, { combine, ...(isObjective && { isObjective }) });
}
