/** Choices of a search space in words. */
import { gate, isGateName } from '../../core/gates/gates.ts';
import type { SearchSpace } from '../../core/graph/space.ts';
import { kind as kindNamed } from '../../core/kinds/kinds.ts';
import {
  drawnChoices,
  weightOfChoice,
  type DrawnChoices,
  type StudyPrior,
} from '../../core/study/prior.ts';
import { modelTitle } from './graph.ts';

type ChoiceKind = DrawnChoices['kind'];

const titles: Readonly<Record<ChoiceKind, string>> = {
  model: 'Networks',
  gate: 'Gates',
  kind: 'Kinds of edges',
  weight: 'Weights of edges',
  temperature: 'Temperatures of edges',
};

export const choicesTitle = (kind: ChoiceKind): string => titles[kind];

/** `Correct`, `ResNet110`, `0.5` */
export function choiceTitle(kind: ChoiceKind, choice: string): string {
  if (kind === 'model') return modelTitle(choice);
  if (kind === 'kind') return kindNamed(choice).title;
  return isGateName(choice) ? gate(choice).title : choice;
}

/** `ResNet110: 2, Cutoff: 0.5, temperature 4: 2`; '' where all choices are drawn as often. */
export const weightsText = (space: SearchSpace, prior: StudyPrior | undefined): string =>
  drawnChoices(space)
    .flatMap(({ kind, choices }) => choices.map((choice) => ({ kind, choice })))
    .map(({ kind, choice }) => ({ kind, choice, weight: weightOfChoice(prior, kind, choice) }))
    .filter(({ weight }) => weight !== 1)
    .map(({ kind, choice, weight }) => {
      const isNumber = kind === 'weight' || kind === 'temperature';
      return `${isNumber ? `${kind} ` : ''}${choiceTitle(kind, choice)}: ${weight}`;
    })
    .join(', ');
