import * as v from 'valibot';
import { percent } from '../search/rules/_base.ts';
import { type Reason, reasonSchema, ruleOf } from '../search/rules/rules.ts';
import { fractionSchema, idSchema, timeSchema, whole } from './fields.ts';

/**
 * The decision of the rule about one trial at one rung, and why. Final: later arrivals change
 * nothing.
 */
export const decisionSchema = v.strictObject({
  /** Epoch of the rung. */
  rung: whole(1),
  /**
   * The accuracy that was judged; null when it was not a number: it is not recorded and competes
   * with nobody.
   */
  value: v.nullable(fractionSchema),
  go: v.boolean(),
  reason: reasonSchema,
});
export type RungDecision = v.InferOutput<typeof decisionSchema>;

/** A decision as a store keeps it. */
export const storedDecisionSchema = v.strictObject({
  run: idSchema,
  ...decisionSchema.entries,
  at: timeSchema,
});

/** Numbers of a reason under the names that programs and study files of version 1 know. */
export const flatReasonFields = {
  n: whole(),
  rank: v.nullable(whole()),
  limit: v.nullable(whole()),
  median: v.nullable(fractionSchema),
};
export type FlatReason = v.InferOutput<v.StrictObjectSchema<typeof flatReasonFields, undefined>>;

/** A decision for programs: its reason, and the numbers of the reason beside it. */
export type WireDecision = RungDecision & FlatReason;

/** null for numbers that another rule's reason has. */
export function wireDecision<Given extends RungDecision>(decision: Given): Given & FlatReason {
  const { kind: _kind, ...numbers } = decision.reason;
  return { ...decision, rank: null, limit: null, median: null, ...numbers };
}

/** The reason of a decision in a study file of version 1, where only its numbers tell the rule. */
export function reasonFrom(value: number | null, { n, rank, limit, median }: FlatReason): Reason {
  if (value === null) return { kind: 'not-a-number', n };
  return rank !== null && limit !== null
    ? { kind: 'asha', n, rank, limit }
    : { kind: 'median', n, median };
}

/** "stopped at epoch 4: 31.2 %, rank 9 of 14, needs <= 7" */
export function explainDecision({ rung, value, go, reason }: RungDecision): string {
  const verdict = `${go ? 'continued' : 'stopped'} at epoch ${rung}`;
  if (reason.kind === 'not-a-number' || value === null)
    return `${verdict}: the accuracy is not a number`;
  if (reason.kind === 'starting-point')
    return `${verdict}: ${percent(value)}, a starting point, which runs to the end`;
  return `${verdict}: ${ruleOf(reason.kind).because(percent(value), reason)}`;
}
