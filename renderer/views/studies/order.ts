/** Which studies of the list are shown, and in which order. */
import type { DataSetView, StudyCard } from '../../../core/lab/api.ts';
import { standingOf, planText } from '../../words/study.ts';

export const studyOrders = {
  newest: 'newest first',
  name: 'by name',
  best: 'best first',
} as const;
export type StudyOrder = keyof typeof studyOrders;

/** Studies whose name, data, size, state, tags or notes hold all words of a text. */
export function shownStudies(
  cards: readonly StudyCard[],
  text: string,
  order: StudyOrder,
  sets: readonly DataSetView[],
): StudyCard[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const wordsOf = (card: StudyCard): string => {
    const { study } = card;
    const all = [
      study.name,
      study.notes,
      ...study.tags,
      planText(study.plan, sets),
      standingOf(card).text,
    ];
    return all.join(' ').toLowerCase();
  };
  return cards
    .filter((card) => words.every((word) => wordsOf(card).includes(word)))
    .sort((a, b) => {
      if (order === 'name') return a.study.name.localeCompare(b.study.name);
      const [first, second] = [a.best?.accuracy ?? -1, b.best?.accuracy ?? -1];
      return (order === 'best' ? second - first : 0) || b.study.id - a.study.id;
    });
}
