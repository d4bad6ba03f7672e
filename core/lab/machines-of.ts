import { HERE } from '../study/place.ts';
import type { TrialRow, VariantView } from './api.ts';

/** Machines on which runs have trained, each once; none where that is the lab's own alone. */
export function machinesOfRuns(
  rows: readonly Pick<TrialRow, 'machines' | 'attempts'>[],
): readonly string[] {
  const started = rows.filter(({ attempts }) => attempts > 0);
  const all = new Set(started.flatMap(({ machines }) => machines ?? [HERE]));
  return [...all].every((machine) => machine === HERE) ? [] : [...all];
}

/** As `machinesOfRuns`, for all variants of a re-run. */
export const machinesOfRerun = (variants: readonly VariantView[]): readonly string[] =>
  machinesOfRuns(variants.flatMap(({ runs }) => runs));
