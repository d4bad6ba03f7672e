import { LabError } from '../base/errors.ts';
import type { Dataset } from '../data/dataset.ts';
import type { NodeState } from '../engine/engine.ts';
import { type Graph, isFrozen, nodeOf } from '../graph/graph.ts';
import { architecture } from '../models/architecture.ts';
import { initialParameters, initialStatistics } from '../models/initialise.ts';

interface Start {
  readonly graph: Graph;
  readonly dataset: Dataset;
  readonly seed: number;
  /** States of the frozen nodes, by node number. */
  readonly teachers: ReadonlyMap<number, NodeState>;
}

/**
 * Returns the state in which a node begins: drawn from the seed, or its teacher's when it is frozen.
 *
 * @throws LabError `train.no-teacher` for a frozen node without weights
 */
export function initialState({ graph, dataset, seed, teachers }: Start, node: number): NodeState {
  if (isFrozen(graph, node)) {
    const teacher = teachers.get(node);
    if (teacher) return teacher;
    throw new LabError('train.no-teacher', { node, model: nodeOf(graph, node).model });
  }
  const model = architecture(nodeOf(graph, node).model, dataset);
  const parameters = initialParameters(model, dataset.classes, seed, node);
  return {
    parameters,
    momentum: new Float32Array(parameters.length),
    statistics: initialStatistics(model),
  };
}
