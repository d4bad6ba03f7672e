import { LabError } from '../base/errors.ts';
import type { RuleField } from '../search/rules/_base.ts';
import { type Rule, type RuleKind, ruleKinds, ruleOf, rules } from '../search/rules/rules.ts';
import { type SamplerName, samplerNames, samplerOf } from '../search/samplers/samplers.ts';
import { IN_ORDER_LIMIT } from '../study/plan.ts';
import type { Values } from './command.ts';
import { choiceOf, textOf, integerOption } from './values.ts';
import type { Options, Option } from './command.ts';

interface User {
  readonly kind: RuleKind;
  readonly field: RuleField;
}

/** Options of all rules, each once, with the rules that use it. */
const shared = Map.groupBy(
  rules.flatMap(({ kind }) => ruleOf(kind).fields.map((field): User => ({ kind, field }))),
  ({ field }) => field.option,
);

/** Options of the command line that choose sampler and stopping rule. */
export const methodOptions: Options = {
  rule: { type: 'string', value: 'R', help: choices(ruleKinds) },
  ...Object.fromEntries(
    [...shared].map(([option, users]) => [option, optionOf(users as [User, ...User[]])]),
  ),
  sampler: { type: 'string', value: 'S', help: choices(samplerNames) },
  'in-order': {
    type: 'string',
    value: 'N',
    help:
      'draws trial i from the results at the first rung of trials up to i - N only, so that the ' +
      'same plan draws the same graphs whatever the workers do; at most N slots begin trials at once',
  },
};

/** Returns the option that some rules share, with its meaning for each of them. */
function optionOf(users: readonly [User, ...User[]]): Option {
  const [{ kind, field }] = users;
  const meanings = users.map((each) => `${ruleOf(each.kind).name}: ${each.field.usage}`);
  const usual = usualOf(ruleOf(kind).usual, field.key);
  return {
    type: 'string',
    value: field.type === 'whole' ? 'N' : 'N,N,...',
    help: `${meanings.join('; ')}${usual === undefined ? '' : `; default ${usual}`}`,
  };
}

/**
 * Returns how far draws in order stay behind; undefined for draws from all that is known, and for a
 * sampler that does not learn: it draws in order anyway.
 *
 * @throws LabError `arguments.not-a-number`, `arguments.out-of-range`
 */
export function orderFrom(values: Values, sampler: SamplerName): number | undefined {
  if (textOf(values, 'in-order') === undefined) return undefined;
  const lag = integerOption(values, 'in-order', 1, 1, IN_ORDER_LIMIT);
  return samplerOf(sampler).learns ? lag : undefined;
}

/**
 * Returns the rule of the options.
 *
 * @throws LabError `arguments.unknown-choice`, `arguments.not-a-number`, `arguments.out-of-range`,
 * `arguments.rungs`
 */
export function ruleFrom(values: Values): Rule {
  const { usual, fields } = ruleOf(choiceOf(values, 'rule', ruleKinds, ruleKinds[0]!));
  const given = fields.map((field) => [field.key, fieldFrom(values, field, usual)]);
  const options = Object.fromEntries(
    given.filter(([, value]) => value !== undefined),
  ) as Partial<Rule>;
  // The plan's schema checks all fields together.
  return { ...usual, ...options } as Rule;
}

function fieldFrom(
  values: Values,
  { key, type, option, least, most }: RuleField,
  usual: Rule,
): unknown {
  if (type === 'whole')
    return integerOption(values, option, usualOf(usual, key) ?? least, least, most);
  const text = textOf(values, option);
  const epochs = text?.split(',').map(Number);
  const isWrong = (epoch: number, at: number): boolean =>
    !Number.isInteger(epoch) || epoch < least || (at > 0 && epoch <= epochs![at - 1]!);
  if (epochs?.some(isWrong)) throw new LabError('arguments.rungs', { option, text });
  return epochs;
}

function usualOf(usual: Rule, key: string): number | undefined {
  return (usual as unknown as Record<string, number | undefined>)[key];
}

function choices([usual, ...others]: readonly string[]): string {
  return [`${usual} (default)`, ...others].join(', ');
}
