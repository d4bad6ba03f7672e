import type * as v from 'valibot';

/**
 * What a schema's issue says, for people. Two of valibot's own texts read as riddles: those of an unknown
 * and of a missing key, and "Expected Object but received Object" where no form of several fits.
 */
export function issueText(issue: v.BaseIssue<unknown>): string {
  const key = String(issue.path?.at(-1)?.key ?? '').slice(0, 60);
  if (issue.type === 'strict_object' && issue.expected === 'never') return `the key "${key}" is unknown`;
  if (issue.type === 'strict_object' && issue.received === 'undefined') return 'it is missing';
  if (issue.type === 'union' && issue.expected === issue.received) return 'it has none of the known forms';
  return issue.message;
}
