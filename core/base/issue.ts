import * as v from 'valibot';

/**
 * Returns the text of a schema's issue for people. It replaces three of valibot's own texts, which
 * are hard to read: unknown key, missing key, and "Expected Object but received Object" for a value
 * that fits no form of a union.
 */
export function issueText(issue: v.BaseIssue<unknown>): string {
  const last: unknown = issue.path?.at(-1)?.key;
  const key = typeof last === 'string' ? last.slice(0, 60) : String(Number(last ?? 0));
  if (issue.type === 'strict_object' && issue.expected === 'never')
    return `the key "${key}" is unknown`;
  if (issue.type === 'strict_object' && issue.received === 'undefined') return 'it is missing';
  if (issue.type === 'union' && issue.expected === issue.received)
    return 'it has none of the known forms';
  return issue.message;
}

/** Returns the closest issue with its place in the value: `nodes.0.model: Invalid type: ...`. */
export function placedIssueText(issue: v.BaseIssue<unknown>): string {
  const closest = closestIssue(issue);
  const place = v.getDotPath(closest);
  return `${place === null ? '' : `${place}: `}${issueText(closest).slice(0, 300)}`;
}

/** Returns the deepest issue among a union's options, with the path from the outermost value. */
export function closestIssue(issue: v.BaseIssue<unknown>): v.BaseIssue<unknown> {
  const options = (issue.issues ?? []).map((each) => closestIssue(each));
  const depth = ({ path }: v.BaseIssue<unknown>): number => path?.length ?? 0;
  const [first, ...others] = options;
  if (issue.type !== 'union' || !first) return issue;
  const deepest = others.reduce((best, each) => (depth(each) > depth(best) ? each : best), first);
  const path = [...(issue.path ?? []), ...(deepest.path ?? [])];
  return { ...deepest, ...(path.length > 0 && { path: path as typeof deepest.path & object }) };
}
