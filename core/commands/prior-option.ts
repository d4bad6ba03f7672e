import { LabError } from '../base/errors.ts';
import type { SamplerName } from '../search/samplers/samplers.ts';
import type { StudyPlan } from '../study/plan.ts';
import { FROZEN_SHARE } from '../study/presets.ts';
import { choiceWeight } from '../study/prior.ts';
import type { Options, Values } from './command.ts';
import { integerOption, textOf } from './values.ts';

/** Options that weigh the draws of a study. */
export const priorOptions = {
  'frozen-share': {
    type: 'string',
    value: 'N',
    help:
      'at least this percentage of the graphs has a frozen node; default 33, with --sampler ' +
      'random no minimum',
  },
  weights: {
    type: 'string',
    value: 'C=N,...',
    help:
      'weights with which choices are drawn; all others have 1: resnet110=2,cutoff=0.5,' +
      'temperature:4=2',
  },
} as const satisfies Options;

/** Returns the weights of the draws; nothing where every choice is as likely. */
export function priorPart(values: Values, sampler: SamplerName): Pick<StudyPlan, 'prior'> {
  const usual = sampler === 'random' ? 0 : Math.round(FROZEN_SHARE * 100);
  const frozen =
    sampler !== 'random' && textOf(values, 'frozen-share') === undefined
      ? FROZEN_SHARE
      : integerOption(values, 'frozen-share', usual, 0, 100) / 100;
  const weights = weightsFrom(textOf(values, 'weights'));
  if (frozen === 0 && !weights) return {};
  return { prior: { frozen, ...(weights && { weights }) } };
}

/** @throws LabError `arguments.weights`, `search.choice-weight` */
function weightsFrom(text: string | undefined): Record<string, number> | undefined {
  if (text === undefined) return undefined;
  return Object.fromEntries(
    text.split(',').map((part) => {
      const [, choice, weight] = /^\s*([\w.:-]+)=([\d.]+)\s*$/.exec(part) ?? [];
      if (choice === undefined || !(Number(weight) > 0))
        throw new LabError('arguments.weights', { text: text.slice(0, 100) });
      return [choice, choiceWeight(Number(weight))];
    }),
  );
}
