/** How a re-run and its runs are described on its page. */
import type { RerunView, TrialRow, VariantView } from '../../../core/lab/api.ts';
import { percent } from '../../ui/format.ts';
import { sharing, variantTitle } from '../../words/rerun.ts';
import { jobStates, runStates } from '../../words/states.ts';

/** State of a re-run. After a pause, runs continue to the end of their epoch. */
export function standingText({ rerun, variants }: RerunView): string {
  const busy = variants.some(({ runs }) => runs.some(({ state }) => state === 'running'));
  if (busy && rerun.state === 'paused') return 'pausing after this epoch';
  return busy && rerun.state === 'stopped' ? 'stopping' : jobStates[rerun.state];
}

/**
 * Result of one seed beside its state's sign. The sign of a cancelled run, a dash, would make the
 * accuracy negative, so a word stands there instead.
 */
export function seedText({ state, accuracy, epoch, epochs }: TrialRow): string {
  if (accuracy === null) return runStates[state].title;
  if (state === 'cancelled') return `${runStates[state].title} at ${percent(accuracy, 1)}`;
  return `${percent(accuracy, 1)}${state === 'running' ? `, epoch ${epoch} / ${epochs}` : ''}`;
}

/** Names the variant whose runs a variant shares, because both are the same graph; else ''. */
export function sharedRunsText(variants: readonly VariantView[], variant: VariantView): string {
  const first = sharing(variants).find((group) => group.includes(variant))?.[0];
  if (!first || first === variant) return '';
  const name = first.name === 'graph' ? 'the re-run' : variantTitle(first.name);
  return `the same graph as ${name}; both share their runs`;
}
