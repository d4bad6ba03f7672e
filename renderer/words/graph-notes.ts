import type { Problem } from '../../core/graph/check.ts';

/**
 * Problems of a graph, with equal notes of several nodes as one note: "No path of open edges leads
 * from nodes 3, 4 and 5 ...".
 */
export function mergedNotes(problems: readonly Problem[]): Problem[] {
  return problems.flatMap((problem) => {
    if (problem.severity !== 'note') return [problem];
    const same = problems.filter(({ code }) => code === problem.code);
    if (same[0] !== problem) return [];
    const nodes = same.map(({ node }) => node);
    if (nodes.length === 1) return [problem];
    const listed = `nodes ${nodes.slice(0, -1).join(', ')} and ${nodes.at(-1)!}`;
    return [{ ...problem, message: problem.message.replace(`node ${problem.node}`, listed) }];
  });
}
