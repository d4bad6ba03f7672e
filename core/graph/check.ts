import { gate } from '../gates/gates.ts';
import type { Step } from '../base/actions.ts';
import { LabError, problem } from '../base/errors.ts';
import type { LabProblem } from '../base/problem.ts';
import {
  LABEL,
  edgeOf,
  ensembleNumber,
  goalOf,
  isFrozen,
  nodeNumbers,
  nodeOf,
  reachesTarget,
  upstream,
  votersOf,
} from './graph.ts';
import type { Graph } from './graph.ts';

/** Everything that can be wrong or unusual about a well-formed graph. */
type ProblemCode =
  | 'target-frozen'
  | 'voters-frozen'
  | 'voter-untrained'
  | 'checkpoint-missing'
  | 'checkpoint-unused'
  | 'uninformed'
  | 'no-path-to-target'
  | 'label-correct';

/** error: cannot be trained; warning: probably a mistake; note: worth knowing. */
type Severity = 'error' | 'warning' | 'note';

export interface Problem {
  readonly code: ProblemCode;
  readonly severity: Severity;
  readonly node: number;
  readonly message: string;
  /** What to do, phrased for the command line; '' when nothing needs to be done. */
  readonly next: string;
  readonly steps: readonly Step[];
}

/**
 * Returns the problems of a graph, node by node. A missing checkpoint of a frozen node is an error
 * only before training: a study or the editor adds it later.
 */
export function checkGraph(graph: Graph, purpose: 'look' | 'train' = 'look'): Problem[] {
  return [
    ...nodeNumbers(graph).flatMap((node) => [
      ...checkFrozen(graph, node, purpose),
      ...checkSources(graph, node),
      ...checkPath(graph, node),
    ]),
    ...checkEnsemble(graph),
  ];
}

/**
 * Refuses a graph that cannot be trained. `look` ignores missing checkpoints.
 *
 * @throws LabError `graph.target-frozen`, `graph.voters-frozen`; with `train` also
 * `graph.checkpoint-missing`, `graph.voter-untrained`
 */
export function requireTrainable(graph: Graph, purpose: 'look' | 'train' = 'train'): void {
  const found = checkGraph(graph, purpose).find(({ severity }) => severity === 'error');
  if (found) throw new LabError({ ...found, code: `graph.${found.code}` });
}

function finding(
  severity: Severity,
  node: number,
  code: ProblemCode,
  { message, next, steps = [] }: LabProblem,
): Problem {
  return { code, severity, node, message, next, steps };
}

function checkFrozen(graph: Graph, node: number, purpose: 'look' | 'train'): Problem[] {
  const { checkpoint, model } = nodeOf(graph, node);
  const frozen = isFrozen(graph, node);
  if (node === goalOf(graph) && frozen)
    return [finding('error', node, 'target-frozen', problem('graph.target-frozen'))];
  if (frozen && checkpoint === undefined) {
    const severity = purpose === 'train' ? 'error' : 'warning';
    if (votersOf(graph).includes(node)) {
      const untrained = problem('graph.voter-untrained', { node, model });
      return [finding(severity, node, 'voter-untrained', untrained)];
    }
    const missing = problem('graph.checkpoint-missing', { node, model });
    return [finding(severity, node, 'checkpoint-missing', missing)];
  }
  if (!frozen && checkpoint !== undefined) {
    const unused = problem('graph.checkpoint-unused', { node });
    return [finding('warning', node, 'checkpoint-unused', unused)];
  }
  return [];
}

function checkSources(graph: Graph, node: number): Problem[] {
  if (isFrozen(graph, node)) return [];
  const problems: Problem[] = [];
  const informed = [...upstream(graph, node)].some(
    (source) => source === LABEL || isFrozen(graph, source),
  );
  if (!informed)
    problems.push(finding('warning', node, 'uninformed', problem('graph.uninformed', { node })));
  if (gate(edgeOf(graph, LABEL, node).gate).onlyCorrect)
    problems.push(finding('note', node, 'label-correct', problem('graph.label-correct', { node })));
  return problems;
}

function checkPath(graph: Graph, node: number): Problem[] {
  if (reachesTarget(graph, node)) return [];
  const goal = graph.ensemble?.isObjective ? 'the ensemble' : 'the target';
  const apart = problem('graph.no-path-to-target', { node, goal });
  return [finding('note', node, 'no-path-to-target', apart)];
}

/** An ensemble whose accuracy counts needs a voter that learns. */
function checkEnsemble(graph: Graph): Problem[] {
  const ensemble = ensembleNumber(graph);
  if (ensemble === undefined || !graph.ensemble?.isObjective) return [];
  if (!votersOf(graph).every((voter) => isFrozen(graph, voter))) return [];
  return [finding('error', ensemble, 'voters-frozen', problem('graph.voters-frozen'))];
}
