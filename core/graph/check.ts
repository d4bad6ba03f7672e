import { LabError } from '../base/errors.ts';
import {
  LABEL,
  TARGET,
  edgeOf,
  isFrozen,
  nodeNumbers,
  nodeOf,
  reachesTarget,
  upstream,
} from './graph.ts';
import type { Graph } from './graph.ts';

/** Everything that can be wrong or unusual about a well-formed graph. */
export type ProblemCode =
  | 'target-frozen'
  | 'checkpoint-missing'
  | 'checkpoint-unused'
  | 'uninformed'
  | 'no-path-to-target'
  | 'label-correct';

/** error: cannot be trained; warning: probably a mistake; note: worth knowing. */
export type Severity = 'error' | 'warning' | 'note';

export interface Problem {
  readonly code: ProblemCode;
  readonly severity: Severity;
  readonly node: number;
  readonly message: string;
  readonly next: string;
}

/**
 * Returns the problems of a graph, node by node. A missing checkpoint of a frozen node is an error
 * only before training: a study or the editor adds it later.
 */
export function checkGraph(graph: Graph, purpose: 'look' | 'train' = 'look'): Problem[] {
  return nodeNumbers(graph).flatMap((node) => [
    ...checkFrozen(graph, node, purpose),
    ...checkSources(graph, node),
    ...checkPath(graph, node),
  ]);
}

/**
 * Refuses a graph that cannot be trained. `look` ignores missing checkpoints.
 *
 * @throws LabError `graph.target-frozen`; with `train` also `graph.checkpoint-missing`
 */
export function requireTrainable(graph: Graph, purpose: 'look' | 'train' = 'train'): void {
  const found = checkGraph(graph, purpose).find((problem) => problem.severity === 'error');
  if (found) throw new LabError(`graph.${found.code}`, found.message, found.next);
}

function checkFrozen(graph: Graph, node: number, purpose: 'look' | 'train'): Problem[] {
  const { checkpoint, model } = nodeOf(graph, node);
  if (node === TARGET && isFrozen(graph, node)) {
    return [
      {
        code: 'target-frozen',
        severity: 'error',
        node,
        message:
          'The target is frozen: all edges into node 1 are Cutoff, so it would never learn. The graph is rejected.',
        next: 'Open at least one edge into node 1, for example the one from the label.',
      },
    ];
  }
  if (isFrozen(graph, node) && checkpoint === undefined) {
    return [
      {
        code: 'checkpoint-missing',
        severity: purpose === 'train' ? 'error' : 'warning',
        node,
        message: `Node ${node} is frozen (all edges into it are Cutoff) but names no pretrained ${model}.`,
        next: `Pretrain one (ktg pretrain ${model}) and name it as the node's checkpoint, or open an edge into node ${node}.`,
      },
    ];
  }
  if (!isFrozen(graph, node) && checkpoint !== undefined) {
    return [
      {
        code: 'checkpoint-unused',
        severity: 'warning',
        node,
        message: `Node ${node} names a checkpoint but is trained from new weights: an edge into it is open.`,
        next: `Cut all edges into node ${node} to make it a pretrained teacher, or remove its checkpoint.`,
      },
    ];
  }
  return [];
}

function checkSources(graph: Graph, node: number): Problem[] {
  if (isFrozen(graph, node)) return [];
  const problems: Problem[] = [];
  const informed = [...upstream(graph, node)].some(
    (source) => source === LABEL || isFrozen(graph, source),
  );
  if (!informed) {
    problems.push({
      code: 'uninformed',
      severity: 'warning',
      node,
      message: `Node ${node} learns neither from the label nor, over any path, from a pretrained node: nothing that reaches it knows the classes.`,
      next: `Open the edge from the label into node ${node} or into a node that teaches it.`,
    });
  }
  if (edgeOf(graph, LABEL, node).gate === 'correct') {
    problems.push({
      code: 'label-correct',
      severity: 'note',
      node,
      message: `On the edge from the label into node ${node} Correct is the same as Through: the label is always right.`,
      next: '',
    });
  }
  return problems;
}

function checkPath(graph: Graph, node: number): Problem[] {
  if (reachesTarget(graph, node)) return [];
  return [
    {
      code: 'no-path-to-target',
      severity: 'note',
      node,
      message: `Nothing of node ${node} reaches the target, so it cannot change the target's result and need not be trained.`,
      next: '',
    },
  ];
}
