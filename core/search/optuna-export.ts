import { gate as gateOf, type GateName } from '../gates/gates.ts';
import { goalOf } from '../graph/graph.ts';
import type { Graph } from '../graph/graph.ts';
import { choiceIn, picksIn } from '../graph/picks.ts';
import { dimensions } from '../graph/space.ts';
import type { Dimension, SearchSpace } from '../graph/space.ts';
import { machinesText } from '../study/place.ts';
import { toText } from '../graph/text.ts';
import { architecture } from '../models/architecture.ts';
import { Portions } from '../store/portions.ts';
import type { Store } from '../store/store.ts';
import type { OptunaTrial } from '../store/transfer/optuna-file.ts';
import { type WrittenTrial, writeOptuna } from '../store/transfer/optuna-writer.ts';
import type { Run } from '../study/run.ts';
import { PLAN_ATTRIBUTE, modelName, partParameter } from './optuna-plan.ts';

/**
 * Writes a study as an SQLite file of Optuna, direction maximize, accuracies as fractions of 1. Its
 * parameters are named as in the authors' published code. A duplicate has the result of its
 * original; trials that wait have no parameters yet, and Optuna would take them for its own queue,
 * so they are written as running ones.
 *
 * @param file where nothing is yet
 */
export async function exportOptuna(store: Store, id: number, file: string): Promise<void> {
  const study = store.study(id);
  const portions = new Portions();
  const ids = store.runIds({ study: id, kind: 'trial' });
  const runs = await portions.map(ids, (run) => store.run(run));
  const settingsOf = settingsIn(study.plan.space);
  const choices = choicesOf(study.plan.space, settingsOf, runs);
  const arrivals = arrivalsOf(store, id, runs);
  const attributes = {
    [PLAN_ATTRIBUTE]: study.plan,
    source: 'ktg-lab',
    notes: study.notes,
    data: study.plan.training.data,
    protocol: study.plan.training.protocol,
  };
  const trialAt = (number: number): WrittenTrial => {
    const run = runs[number]!;
    const result = run.duplicateOf === null ? run : store.run(run.duplicateOf);
    const machines = store.machinesOf(result.id);
    const reports = store.curve(result.id)[goalOf(result.graph) - 1] ?? [];
    const state = stateOf(result, reports.at(-1));
    return {
      number,
      state,
      parameters: parametersOf(settingsOf(run.graph), choices),
      startedAt: run.startedAt ?? run.createdAt,
      endedAt: state === 'RUNNING' ? null : (run.endedAt ?? run.createdAt),
      value: state === 'COMPLETE' || state === 'PRUNED' ? finite(reports.at(-1)) : null,
      attributes: {
        seed: run.seed,
        graph: toText(run.graph),
        state: run.state,
        trial: run.number,
        ...(machines.length > 0 && { machines: machinesText(machines) }),
        ...(run.duplicateOf !== null && { duplicate_of: result.number }),
      },
      reports,
      arrivals: arrivals(number, reports.length),
    };
  };
  await writeOptuna(file, { name: study.name, attributes }, runs.length, trialAt, portions);
}

const finite = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) ? value : null;

/** Optuna calls a trial complete or pruned only with a number as its value. */
function stateOf({ state }: Run, last: number | undefined): WrittenTrial['state'] {
  if (state === 'waiting' || state === 'running') return 'RUNNING';
  if (finite(last) === null) return 'FAIL';
  if (state === 'completed') return 'COMPLETE';
  return state === 'stopped' ? 'PRUNED' : 'FAIL';
}

type Choices = ReadonlyMap<string, readonly string[]>;

/** Names and values of the parameters of a graph. */
type SettingsOf = (graph: Graph) => (readonly [name: string, value: string])[];

/**
 * Choices by parameter: those of the space, then those that only a trial has. Optuna wants the same
 * choices in all trials.
 */
function choicesOf(space: SearchSpace, settingsOf: SettingsOf, runs: readonly Run[]): Choices {
  const found = new Map<string, Set<string>>();
  const add = (name: string, value: string): void => {
    found.set(name, (found.get(name) ?? new Set()).add(value));
  };
  for (const dimension of dimensions(space))
    for (const choice of dimension.choices) add(nameOf(dimension), valueOf(dimension, choice));
  for (const { graph } of runs) for (const [name, value] of settingsOf(graph)) add(name, value);
  return new Map([...found].map(([name, values]) => [name, [...values]]));
}

/** Parameters of nodes and gates, and of the parts that have a meaning in the graph. */
function settingsIn(space: SearchSpace): SettingsOf {
  const all = dimensions(space);
  const picksOf = picksIn(space);
  return (graph) => {
    const picks = picksOf(graph);
    return all.flatMap((dimension, at) =>
      picks[at] === null
        ? []
        : [[nameOf(dimension), valueOf(dimension, choiceIn(dimension, graph))] as const],
    );
  };
}

const nameOf = (dimension: Dimension): string => {
  if (dimension.kind === 'model') return modelName(dimension.node - 1);
  return partParameter(dimension.kind, dimension.source, dimension.destination);
};

function valueOf({ kind }: Dimension, choice: string): string {
  if (kind === 'model') return architecture(choice).title;
  return kind === 'gate' ? gateClass(choice as GateName) : choice;
}

/** `through` is `ThroughGate`, a class of the authors' code. */
const gateClass = (name: GateName): string => `${gateOf(name).title}Gate`;

const parametersOf = (
  settings: ReturnType<SettingsOf>,
  choices: Choices,
): OptunaTrial['parameters'] =>
  new Map(settings.map(([name, value]) => [name, { value, choices: [...choices.get(name)!] }]));

/**
 * Ranks of reports among those of all trials, so that each decision comes after the reports that it
 * counted: epochs up to a decision arrive with it, others at the end.
 */
function arrivalsOf(
  store: Store,
  study: number,
  runs: readonly Run[],
): (number: number, reports: number) => number[] {
  const places = new Map(runs.map(({ id }, number) => [id, number]));
  const parts = runs.map((): { to: number; order: number }[] => []);
  for (const [order, { run, rung }] of store.decisions({ study }).entries()) {
    const place = places.get(run);
    if (place !== undefined) parts[place]!.push({ to: rung, order });
  }
  const segments = runs.flatMap((run, number) => {
    const epochs = run.duplicateOf === null ? run.epoch : store.run(run.duplicateOf).epoch;
    const ends = parts[number]!.sort((a, b) => a.to - b.to);
    return [...ends, { to: epochs, order: Infinity }].map(({ to, order }, at) => ({
      ...{ number, order, from: ends[at - 1]?.to ?? 0, to },
    }));
  });
  segments.sort((a, b) => (a.order === b.order ? a.number - b.number : a.order - b.order));
  const ranks = runs.map((): number[] => []);
  let rank = 0;
  for (const { number, from, to } of segments)
    for (let epoch = from; epoch < to; epoch++) ranks[number]![epoch] = ++rank;
  return (number, reports) => ranks[number]!.slice(0, reports);
}
