import * as v from 'valibot';
import {
  type Judge,
  type Recorded,
  type StoppingRule,
  notANumberSchema,
  startingPointSchema,
} from './_base.ts';
import { asha } from './asha.ts';
import { median } from './median.ts';
import { none } from './none.ts';

/** All stopping rules, in the order of forms and usage texts; the first is the usual one. */
export const rules = [asha, median, none] as const;

/** A rule of a plan: its kind and its options. */
export type Rule = v.InferOutput<(typeof rules)[number]['schema']>;
export type RuleKind = Rule['kind'];

export const ruleKinds: readonly RuleKind[] = rules.map(({ kind }) => kind);

export const ruleSchema: v.GenericSchema<unknown, Rule> = v.variant(
  'kind',
  rules.map(({ schema }) => schema),
);

/** Why a rule decided as it did, tagged with the rule's kind. */
export const reasonSchema = v.variant('kind', [
  notANumberSchema,
  startingPointSchema,
  asha.reason,
  median.reason,
]);
export type Reason = v.InferOutput<typeof reasonSchema>;

/** A rule by its kind; its options are those of that kind. */
export const ruleOf = (kind: RuleKind): StoppingRule<Rule, Reason> =>
  rules.find((each) => each.kind === kind) as unknown as StoppingRule<Rule, Reason>;

/** Epochs at which a rule decides, ascending. */
export const rungsOf = (rule: Rule, epochs: number): readonly number[] =>
  ruleOf(rule.kind).rungs(rule, epochs);

/** Share of the trials that a rule is expected to let continue at a rung. */
export const expectedShareOf = (rule: Rule): number => ruleOf(rule.kind).expectedShare(rule);

/** The rule over what was recorded so far. */
export const judgeBy = (rule: Rule, epochs: number, recorded: Recorded): Judge<Reason> =>
  ruleOf(rule.kind).judge(rule, epochs, recorded);
