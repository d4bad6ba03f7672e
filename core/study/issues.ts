import * as v from 'valibot';

/**
 * What is wrong with a value from outside, and where: `nodes.0.model: Invalid type: ...`. Of several
 * forms that a value might have had, the one that it comes closest to is named.
 */
export function issueText(issue: v.BaseIssue<unknown>): string {
  const closest = closestIssue(issue);
  const place = v.getDotPath(closest);
  return `${place === null ? '' : `${place}: `}${closest.message.slice(0, 300)}`;
}

/** The deepest issue of a union's options, with the path to the union before its own. */
export function closestIssue(issue: v.BaseIssue<unknown>): v.BaseIssue<unknown> {
  const options = (issue.issues ?? []).map((each) => closestIssue(each));
  const depth = ({ path }: v.BaseIssue<unknown>): number => path?.length ?? 0;
  const [first, ...others] = options;
  if (issue.type !== 'union' || !first) return issue;
  const deepest = others.reduce((best, each) => (depth(each) > depth(best) ? each : best), first);
  const path = [...(issue.path ?? []), ...(deepest.path ?? [])];
  return { ...deepest, ...(path.length > 0 && { path: path as typeof deepest.path & object }) };
}
