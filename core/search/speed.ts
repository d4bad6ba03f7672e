import type { Graph } from '../graph/graph.ts';
import { architecture, usualImages } from '../models/architecture.ts';
import { multiplyAdds } from '../models/cost.ts';
import type { Store } from '../store/store.ts';
import type { StudyPlan } from '../study/plan.ts';
import type { Study } from '../study/study.ts';

/** The machine as it trains now. */
export interface Machine {
  slots: number;
  portable: boolean;
  /** Titles of the devices that have slots. */
  devices: readonly string[];
  /** Seconds of an epoch of a graph of these networks, from a probe; absent before one. */
  readonly measured?: (
    plan: Pick<StudyPlan, 'space' | 'training'>,
  ) => { seconds: number; graph: Graph } | undefined;
  /** Images of a data set; null when that is not known without reading it. */
  readonly images: (data: string) => { train: number; test: number; side?: number } | null;
}

/** Multiply-adds of training cost this many times those of the forward pass. */
const TRAINING = 3;

/**
 * Mean seconds of an epoch of this plan's graphs, from a study that this machine's engine has
 * trained: the last one of the same networks on the same images; else the last one at all, by what
 * its epochs compute. Null where there is none.
 */
export function secondsPerEpoch(store: Store, plan: Training, machine: Machine): number | null {
  const here = store.studies().filter((study) => wasMadeHere(store, study, machine));
  const like = here.findLast((study) => sameWork(study.plan, plan));
  const model = like ?? here.at(-1);
  if (!model) return null;
  const asked = effort(plan, machine);
  const known = effort(model.plan, machine);
  if (asked && known) return (meanSeconds(store, model) * asked) / known;
  return like ? meanSeconds(store, like) : null;
}

/**
 * The same from a probe of the plan's networks on this machine, for its mean graph; null without
 * one.
 */
export function measuredSeconds(plan: StudyPlan, machine: Machine): number | null {
  const found = machine.measured?.(plan);
  if (!found) return null;
  const asked = effort(plan, machine);
  const probed = effort(trainingOfGraph(found.graph, plan.training), machine);
  return asked && probed ? (found.seconds * asked) / probed : found.seconds;
}

/** Networks and their training: of a study or of one graph. */
export interface Training {
  space: { nodes: readonly { models: readonly string[] }[] };
  training: StudyPlan['training'];
}

/** Returns one graph as networks to be trained. */
const trainingOfGraph = (graph: Graph, training: StudyPlan['training']): Training => ({
  space: { nodes: graph.nodes.map(({ model }) => ({ models: [model] })) },
  training,
});

/** Multiply-adds of an epoch of a mean graph; null while the number of images is unknown. */
export function effort({ space, training }: Training, { images }: Machine): number | null {
  const found = images(training.data);
  if (!found) return null;
  const { train, test, side } = found;
  const cost = (model: string): number => forward(model, side);
  const networks = space.nodes.reduce((sum, { models }) => sum + meanOf(models, cost), 0);
  const heldOut = training.protocol === 'held-out' && training.purpose === 'search';
  return networks * (heldOut ? (train * (4 * TRAINING + 1)) / 5 : train * TRAINING + test);
}

/** Cost of training one network alone, as a share of a mean graph of the plan. */
export const shareOf = (model: string, { space }: StudyPlan): number =>
  forward(model) /
  space.nodes.reduce((sum, { models }) => sum + meanOf(models, (each) => forward(each)), 0);

const forward = (model: string, side = usualImages.side): number =>
  multiplyAdds(architecture(model, { side }));

const meanOf = (models: readonly string[], value: (model: string) => number): number =>
  models.reduce((sum, model) => sum + value(model), 0) / models.length;

const sameWork = (one: Training, other: Training): boolean => workOf(one) === workOf(other);

const workOf = ({ space, training: { data, protocol, recipe } }: Training): string =>
  JSON.stringify([
    space.nodes.map(({ models }) => [...models].sort()).sort(),
    data,
    protocol,
    recipe.batch,
  ]);

/**
 * Returns about how many seconds some trainings of graphs with the same networks take on all slots
 * of this machine; null when nothing comparable was trained here yet.
 */
export function expectedTime(
  store: Store,
  { graph, runs, training }: { graph: Graph; runs: number; training: StudyPlan['training'] },
  machine: Machine,
): number | null {
  const epoch = secondsPerEpoch(store, trainingOfGraph(graph, training), machine);
  if (epoch === null || machine.slots === 0) return null;
  // The last runs leave slots empty.
  return epoch * training.epochs * Math.ceil(runs / machine.slots);
}

const meanSeconds = (store: Store, { id }: Study): number => {
  const { epochs, seconds } = store.pace({ study: id });
  return seconds / epochs;
};

/** Whether the engine and a device of now made its best trial, as the sign of all of them. */
function wasMadeHere(store: Store, { id }: Study, { portable, devices }: Machine): boolean {
  const best = store.bestTrial(id);
  const made =
    best && store.attempts({ run: best.id }).findLast(({ environment }) => environment !== null);
  if (!made) return false;
  const { engine, device } = store.environment(made.environment!);
  return (
    engine.includes('portable') === portable && devices.some((title) => device.includes(title))
  );
}
