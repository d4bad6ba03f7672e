import type { RerunView, StudyCard } from '../../core/lab/api.ts';
import { pageTitleOf, type Route } from '../routes.ts';

interface Records {
  readonly cards: readonly StudyCard[];
  readonly reruns: readonly RerunView[];
}

/** Title of the window, by which tabs, history and screen readers tell pages apart. */
export const titleOf = (route: Route, records: Records): string =>
  `${nameOf(route, records) ?? pageTitleOf(route)} - KTG lab`;

/** Name of the record that a page shows; undefined where it shows none, or none that is known. */
function nameOf(route: Route, { cards, reruns }: Records): string | undefined {
  const study =
    'study' in route ? cards.find((card) => card.study.id === route.study)?.study.name : undefined;
  if (route.view === 'study') return study;
  if (route.view === 'trial') return `Trial ${route.trial} of ${study ?? 'a study'}`;
  if (route.view !== 'rerun') return undefined;
  const rerun = reruns.find((each) => each.rerun.id === route.rerun)?.rerun.name;
  return rerun && `Re-run: ${rerun}`;
}
