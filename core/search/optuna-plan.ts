import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
import { gateNames } from '../gates/gates.ts';
import type { GateName } from '../gates/gates.ts';
import { LABEL, makeGraph } from '../graph/graph.ts';
import type { Graph } from '../graph/graph.ts';
import { SPACE_FORMAT, parseSpace } from '../graph/space.ts';
import type { SearchSpace } from '../graph/space.ts';
import { fromText } from '../graph/text.ts';
import { architecture } from '../models/architecture.ts';
import type { OptunaStudy, OptunaTrial } from '../store/transfer/optuna-file.ts';
import { paperRule, studyPlanSchema } from '../study/plan.ts';
import { PAPER_EPOCHS, recipeFor } from '../study/recipe.ts';
import type { StudyPlan } from '../study/plan.ts';
import { PAPER_DATA } from '../study/presets.ts';

/** User attribute of a study that this lab has exported: its plan. */
export const PLAN_ATTRIBUTE = 'ktg_plan';

/**
 * The plan of an imported study: its own where this lab has exported it; else its space has all
 * models and gates that trials could have.
 */
export function planOf({ trials, reports, attributes }: OptunaStudy): StudyPlan {
  const own = v.safeParse(studyPlanSchema, attributes.get(PLAN_ATTRIBUTE));
  if (own.success) return own.output;
  const drawn = trials.find((trial) => trial.parameters.has(modelName(0)));
  if (!drawn) throw notASearch(foreignNames(trials));
  requireKnownParts(drawn);
  let count = 0;
  while (drawn.parameters.has(modelName(count))) count++;
  const last = Math.max(0, ...reports.map((report) => report.step));
  const completed = trials.some((trial) => trial.state === 'COMPLETE');
  const epochs = completed ? last : Math.max(last, PAPER_EPOCHS);
  return {
    seed: 0,
    trials: trials.length,
    space: spaceOf(drawn, count),
    rule: paperRule,
    sampler: 'random',
    training: {
      data: PAPER_DATA,
      protocol: 'paper',
      purpose: 'search',
      splitSeed: 0,
      epochs,
      recipe: recipeFor(epochs),
    },
    rejected: 'count',
    duplicates: 'train',
    retries: 0,
  };
}

function spaceOf(drawn: OptunaTrial, count: number): SearchSpace {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  return parseSpace({
    format: SPACE_FORMAT,
    version: 1,
    nodes: numbers.map((node) => ({
      models: unique(
        parameter(drawn, modelName(node - 1)).choices.map((each) => architecture(each).name),
      ),
    })),
    edges: numbers.flatMap((destination) =>
      [LABEL, ...numbers]
        .filter((source) => source !== destination)
        .map((source) => ({
          source,
          destination,
          gates: unique(parameter(drawn, gateParameter(source, destination)).choices.map(gateOf)),
        })),
    ),
    frozen: true,
  });
}

/**
 * The graph of an imported trial: as this lab has written it, with its kinds, weights, temperatures
 * and ensemble; else by its parameters.
 */
export function graphOf(trial: OptunaTrial, space: SearchSpace): Graph {
  const { nodes } = space;
  const own = trial.graph === null ? null : ownGraph(trial.graph, space);
  if (own) return own;
  return makeGraph(
    nodes.map((_, index) => ({
      model: architecture(parameter(trial, modelName(index)).value).name,
    })),
    (source, destination) => gateOf(parameter(trial, gateParameter(source, destination)).value),
  );
}

/** null for a text that is no graph of the space. */
function ownGraph(text: string, { nodes, ensemble }: SearchSpace): Graph | null {
  try {
    const graph = fromText(text);
    const fits = graph.nodes.length === nodes.length && !graph.ensemble === !ensemble;
    return fits ? graph : null;
  } catch (error) {
    if (error instanceof LabError) return null;
    throw error;
  }
}

/** Parameter of the network of node `index + 1`. */
export const modelName = (index: number): string => `model_${index}_name`;

/** Parameter of the gate of an edge. */
function gateParameter(source: number, destination: number): string {
  const column = source === LABEL ? destination : source;
  return `${twoDigits(destination - 1)}_${twoDigits(column - 1)}_gate`;
}

/** Parameter of another part of an edge: `01_00_kind`, `01_00_weight`, `01_00_temperature`. */
export const partParameter = (part: string, source: number, destination: number): string =>
  gateParameter(source, destination).replace(/gate$/, part);

const twoDigits = (index: number): string => String(index).padStart(2, '0');

function parameter(trial: OptunaTrial, name: string): { value: string; choices: string[] } {
  const found = trial.parameters.get(name);
  if (!found) throw notASearch(`trial ${trial.number} has no parameter ${name}`);
  return found;
}

/** `ThroughGate` is `through`. */
function gateOf(name: string): GateName {
  const found = gateNames.find((gate) => `${gate}gate` === name.toLowerCase());
  if (!found) throw notASearch(`there is a gate "${name.slice(0, 40)}"`);
  return found;
}

/** Refuses searches of the authors' later code, whose parameters have the same names. */
function requireKnownParts({ parameters }: OptunaTrial): void {
  if (parameters.get(modelName(0))!.choices.includes('Ensemble'))
    throw notASearch('it searches ensembles, in which node 1 combines the other nodes');
  for (const [name, { choices }] of parameters) {
    const foreign = name.endsWith('_loss')
      ? choices.find((each) => !KNOWN_LOSSES.has(each))
      : undefined;
    if (foreign !== undefined)
      throw notASearch(`its edges may have the loss "${foreign.slice(0, 40)}"`);
  }
}

/** The losses that every edge of the lab has: cross entropy from the label, KL from a node. */
const KNOWN_LOSSES: ReadonlySet<string> = new Set([
  'IndepLoss',
  'IndependentLoss',
  'KLLoss',
  'KLLoss_P',
]);

/** What a study is whose trials name no `model_0_name`. */
function foreignNames(trials: readonly OptunaTrial[]): string {
  const names = [...(trials.find(({ names: own }) => own.length > 0)?.names ?? [])];
  if (names.includes('0_0_gate'))
    return 'its parameters are named as in another implementation (0_0_gate), with other gates and recipe';
  if (names.length === 0) return 'its trials have no parameters';
  return `its parameters are ${names.slice(0, 4).join(', ').slice(0, 100)}, and none is model_0_name`;
}

const unique = <T>(items: readonly T[]): T[] => [...new Set(items)];

export const notASearch = (what: string): LabError =>
  new LabError('import.not-a-graph-search', { what });
