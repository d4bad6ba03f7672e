import { stream } from '../base/random.ts';
import { withLock } from '../graph/lock.ts';
import { paperSpace } from '../graph/space.ts';
import type { SearchSpace } from '../graph/space.ts';
import { LabError } from '../base/errors.ts';
import { PROTOCOLS } from '../data/split.ts';
import { architecture } from '../models/architecture.ts';
import { PAPER_EPOCHS, paperRule, recipeFor } from '../study/plan.ts';
import type { Rule, StudyPlan, TrainingPlan } from '../study/plan.ts';
import type { Values } from './command.ts';
import { computationFrom, computationOptions, computationPart, computationUsage } from './computation.ts';
import { choiceOf, textOf, wholeOf } from './values.ts';

/** Quick defaults on built-in pictures: minutes on a laptop. */
const QUICK = { trials: 24, epochs: 8, nodes: 2, target: 'resnet8', auxiliaries: 'resnet8,resnet14' };
/** The paper's search. */
const PAPER = { trials: 1500, epochs: PAPER_EPOCHS, nodes: 3, target: 'resnet32', auxiliaries: 'resnet32,resnet110,wrn-28-2' }; // prettier-ignore

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
  rule: { type: 'string' },
  reduction: { type: 'string' },
  'min-epochs': { type: 'string' },
  rungs: { type: 'string' },
  sampler: { type: 'string' },
  rejected: { type: 'string' },
  duplicates: { type: 'string' },
  retries: { type: 'string' },
  ...computationOptions,
} as const;

export const planUsage = `  --nodes N         networks in a graph, 1 to 7; default 3, on synthetic data 2
  --target MODEL    architecture of node 1; default resnet32, on synthetic data resnet8
  --auxiliaries M,M architectures that the other nodes may have
  --lock L          narrows the space, as often as wanted: 2=resnet110, 2-1=correct, 0-3=through+cutoff
  --frozen yes|no   may auxiliary nodes be pretrained and frozen; default yes, on synthetic data no
  --trials N        graphs in all; default 1500, on synthetic data 24
  --data WHAT       synthetic (default), cifar100, cifar10, or a CIFAR archive or folder
  --protocol P      held-out (default): judged by a fifth of the training images; paper: by the test images
  --epochs N        of a whole run; default 200, on synthetic data 8
  --batch N         images in a batch, default 64
  --seed N          everything that is drawn comes from it; default: a new one
  --rule R          asha (default), median, none
  --reduction N     ASHA: one in N goes on at a rung; default 2
  --min-epochs N    ASHA: first rung; median: epochs before the first judgement; default 1
  --rungs N,N,...   ASHA: epochs of the rungs instead
  --sampler S       random (default), tpe
  --rejected R      a drawn graph whose target is frozen: resample (default) or count as a trial
  --duplicates D    an equal graph: reuse its result (default) or train it again
  --retries N       how often a run that crashes is started again; default 2
${computationUsage}`;

/** The plan of a study as its options say; what is left out depends on the data: built-in pictures mean a quick look. */
export function planFrom(values: Values): StudyPlan {
  const data = textOf(values, 'data') ?? 'synthetic';
  const usual = data.startsWith('synthetic') ? QUICK : PAPER;
  const epochs = wholeOf(values, 'epochs', usual.epochs, 1, 100_000);
  const training: TrainingPlan = {
    data,
    protocol: choiceOf(values, 'protocol', PROTOCOLS, 'held-out'),
    purpose: 'search',
    splitSeed: 0,
    epochs,
    recipe: { ...recipeFor(epochs), batch: wholeOf(values, 'batch', 64, 1, 65_536) },
    ...computationPart(computationFrom(values)),
  };
  return {
    seed: wholeOf(values, 'seed', freshSeed(), 0, Number.MAX_SAFE_INTEGER),
    trials: wholeOf(values, 'trials', usual.trials, 1, 1_000_000),
    space: spaceFrom(values, usual),
    rule: ruleFrom(values),
    sampler: choiceOf(values, 'sampler', ['random', 'tpe'], 'random'),
    training,
    rejected: choiceOf(values, 'rejected', ['resample', 'count'], 'resample'),
    duplicates: choiceOf(values, 'duplicates', ['reuse', 'train'], 'reuse'),
    retries: wholeOf(values, 'retries', 2, 0, 100),
  };
}

function spaceFrom(values: Values, usual: typeof QUICK): SearchSpace {
  const nodes = wholeOf(values, 'nodes', usual.nodes, 1, 7);
  const target = architecture(textOf(values, 'target') ?? usual.target).name;
  const auxiliaries = (textOf(values, 'auxiliaries') ?? usual.auxiliaries)
    .split(',')
    .map((name) => architecture(name.trim()).name);
  const frozen = choiceOf(values, 'frozen', ['yes', 'no'], usual === QUICK ? 'no' : 'yes') === 'yes';
  const locks = (values.lock ?? []) as string[];
  return locks.reduce(withLock, { ...paperSpace(nodes, target, auxiliaries), frozen });
}

function ruleFrom(values: Values): Rule {
  const kind = choiceOf(values, 'rule', ['asha', 'median', 'none'], 'asha');
  if (kind === 'none') return { kind };
  const first = wholeOf(values, 'min-epochs', 1, 1, 100_000);
  if (kind === 'median') return { kind, grace: first, samples: 3 };
  const rungs = textOf(values, 'rungs')?.split(',').map(Number);
  if (rungs?.some((rung, at) => !Number.isInteger(rung) || rung < 1 || (at > 0 && rung <= rungs[at - 1]!)))
    throw new LabError('arguments.rungs', `--rungs is "${textOf(values, 'rungs')}"; ascending epochs are needed.`, 'Example: --rungs 1,4,16'); // prettier-ignore
  const reductionFactor = wholeOf(values, 'reduction', paperRule.kind === 'asha' ? paperRule.reductionFactor : 2, 2, 1000); // prettier-ignore
  return { kind, reductionFactor, minimumResource: first, ...(rungs && { rungs }) };
}

/** For a person who has no wish: small enough to be read aloud. */
const freshSeed = (): number => stream('study', Date.now(), process.pid).below(1_000_000);
