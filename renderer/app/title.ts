import type { RerunView, StudyCard } from '../../core/lab/api.ts';
import type { Route } from '../routes.ts';

const places: Readonly<Record<Exclude<Route['view'], 'study' | 'trial' | 'rerun'>, string>> = {
  studies: 'Studies',
  'new-study': 'New study',
  run: 'Run',
  graphs: 'Graphs',
  graph: 'Graph editor',
  compare: 'Compare',
  reruns: 'Re-runs',
  data: 'Data',
  settings: 'Settings',
  log: 'Log',
  unknown: 'Not found',
};

/** What the window is called: tabs, history and screen readers tell places apart by it. */
export function titleOf(
  route: Route,
  {
    cards,
    reruns,
  }: { readonly cards: readonly StudyCard[]; readonly reruns: readonly RerunView[] },
): string {
  const name = 'KTG lab';
  const study = 'study' in route && cards.find((card) => card.study.id === route.study)?.study.name;
  if (route.view === 'study') return `${study || 'Study'} - ${name}`;
  if (route.view === 'trial') return `Trial ${route.trial} of ${study || 'a study'} - ${name}`;
  if (route.view === 'rerun')
    return `Re-run: ${reruns.find((each) => each.rerun.id === route.rerun)?.rerun.name ?? ''} - ${name}`;
  return `${places[route.view]} - ${name}`;
}
