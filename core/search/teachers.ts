import { LabError } from '../base/errors.ts';
import { graphKey } from '../graph/canonical.ts';
import { isFrozen, nodeNumbers, nodeOf, reachesTarget } from '../graph/graph.ts';
import type { Graph } from '../graph/graph.ts';
import { TARGET } from '../graph/graph.ts';
import type { SearchSpace } from '../graph/space.ts';
import { template } from '../graph/templates.ts';
import type { Store } from '../store/store.ts';
import type { TrainingPlan } from '../study/plan.ts';
import { mayTeach, pretrainedKey } from '../study/pretrained.ts';
import type { Pretrained } from '../study/pretrained.ts';
import type { Run } from '../study/run.ts';

/**
 * Pretrained networks are shared by all studies of the same training: they have one seed of their
 * own.
 */
const SEED = 1;

/** As `storedName` writes it. */
const STORED = /^pretrained:(\d+)$/;

/** A frozen node whose knowledge can arrive at the target. */
export interface TeacherNode {
  node: number;
  model: string;
  /** The network that the graph names; undefined for the usual one of its model. */
  checkpoint: string | undefined;
}

export const teacherNodes = (graph: Graph): TeacherNode[] =>
  nodeNumbers(graph)
    .filter((node) => isFrozen(graph, node) && reachesTarget(graph, node))
    .map((node) => ({
      node,
      model: nodeOf(graph, node).model,
      checkpoint: nodeOf(graph, node).checkpoint,
    }));

/** Models that frozen nodes of a space may have: a study may need their pretrained networks. */
export function teacherModels(space: SearchSpace): string[] {
  const mayFreeze = (node: number): boolean =>
    space.frozen &&
    (node !== TARGET || space.ensemble?.isObjective === true) &&
    space.edges.every(({ destination, gates }) => destination !== node || gates.includes('cutoff'));
  const models = space.nodes.flatMap(({ models }, index) => (mayFreeze(index + 1) ? models : []));
  return [...new Set(models)];
}

/**
 * The store's network for a model under a training plan: one that was trained for such plans, else
 * imported weights, else one that is yet to be trained; undefined when none was ever asked for.
 */
export function usualTeacher(
  store: Store,
  model: string,
  training: TrainingPlan,
): Pretrained | undefined {
  const all = store.allPretrained();
  const key = pretrainedKey(model, training, SEED);
  const own = all.filter((each) => pretrainedKey(each.model, each.training, each.seed) === key);
  return (
    own.find((each) => each.checkpoint !== null) ??
    all.find((each) => each.checkpoint !== null && mayTeach(each, model, training)) ??
    own.at(-1)
  );
}

/**
 * True when the frozen nodes of a run have their weights. A network that a graph names and that is
 * missing for good fails the run when it starts.
 */
export const teachersReady = (store: Store, run: Pick<Run, 'graph' | 'training'>): boolean =>
  teacherNodes(run.graph).every(
    (teacher) =>
      teacher.checkpoint !== undefined ||
      usualTeacher(store, teacher.model, run.training)?.checkpoint != null,
  );

/**
 * The network that a frozen node loads.
 *
 * @throws LabError `search.teacher-missing`, `search.teacher-is-a-file`
 */
export function teacherFor(
  store: Store,
  { node, model, checkpoint }: TeacherNode,
  training: TrainingPlan,
): Pretrained | undefined {
  if (checkpoint === undefined) return usualTeacher(store, model, training);
  const stored = STORED.exec(checkpoint);
  if (!stored)
    throw new LabError('search.teacher-is-a-file', { node, checkpoint: checkpoint.slice(0, 80) });
  const found = store.allPretrained().find((each) => each.id === Number(stored[1]));
  if (!found || found.model !== model)
    throw new LabError('search.teacher-missing/named', {
      node,
      checkpoint,
      what: found ? `which is a ${found.model}, not a ${model}` : 'which this lab does not have',
    });
  return found;
}

/** A request to train a network alone. */
export interface PretrainingWish {
  model: string;
  training: TrainingPlan;
  /** Default: the seed of the usual networks. */
  seed?: number;
  /** The study that it is made for, if any. */
  study: number | null;
  /** A person asked for it. */
  asked: boolean;
}

/** Records a network that is to be trained alone, with its run. */
export function addPretraining(
  store: Store,
  { model, training, seed = SEED, study, asked }: PretrainingWish,
  at: number,
): { pretrained: Pretrained; run: Run } {
  return store.transaction(() => {
    const graph = template('independent', [model]);
    const run = store.addRun({
      kind: 'pretrain',
      study,
      rerun: null,
      number: 0,
      variant: '',
      graph,
      key: graphKey(graph),
      seed,
      training,
      createdAt: at,
    });
    const pretrained = store.addPretrained({
      model,
      training,
      seed,
      run: run.id,
      checkpoint: null,
      accuracy: null,
      source: '',
      asked,
      createdAt: at,
    });
    return { pretrained, run };
  });
}
