import { HERE } from './place.ts';

/** What a run says about where it was trained. */
interface Trained {
  /** Absent where that is the lab's own machine alone. */
  readonly machines?: readonly string[];
  readonly attempts: number;
}

/** Machines on which runs have trained, each once; none where that is the lab's own alone. */
export function machinesOfRuns(rows: readonly Trained[]): readonly string[] {
  const started = rows.filter(({ attempts }) => attempts > 0);
  const all = new Set(started.flatMap(({ machines }) => machines ?? [HERE]));
  return [...all].every((machine) => machine === HERE) ? [] : [...all];
}

/** As `machinesOfRuns`, for all variants of a re-run. */
export const machinesOfRerun = (
  variants: readonly { readonly runs: readonly Trained[] }[],
): readonly string[] => machinesOfRuns(variants.flatMap(({ runs }) => runs));
