/** A study in words: what it is of, what came of its graphs. */
import type { DataSetView, RerunView } from '../../core/lab/api.ts';
import { meanText } from '../charts/seeds.ts';

/** A data set as a person knows it: by its title, not by its name in a plan. */
export function dataTitle(sets: readonly DataSetView[], name: string): string {
  const [kind, options] = name.split(':', 2);
  const title = sets.find(
    (data) => data.name === name || (kind === 'synthetic' && data.name === kind),
  )?.title;
  return title === undefined ? name : options ? `${title} (${options.replaceAll(',', ', ')})` : title;
}

/** What came of a graph's re-run so far: `73.46 ± 0.42 %`, or how far it is. */
export function rerunText({ rerun, variants, done, total }: RerunView): string {
  const [graph] = variants;
  const mean = graph && meanText(graph.mean, graph.standardDeviation);
  const rest = rerun.state === 'completed' ? '' : `${done} of ${total} runs`;
  return [mean && `${mean} %`, rest].filter(Boolean).join(', ') || 'no result';
}
