/** The plan that a new study begins with. */
import { LabError, problemOf } from '../../../core/base/errors.ts';
import { fromText } from '../../../core/graph/text.ts';
import { type DataSetView, type LabProblem, type StudyPlan } from '../../../core/lab/api.ts';
import { freshSeed, PAPER_DATA, paperPlan, quickLook } from '../../../core/study/presets.ts';
import { usualStart } from '../../../core/study/start.ts';
import { spaceAround } from '../../features/space/locks.ts';

const hasPaperData = (sets: readonly DataSetView[]): boolean =>
  sets.some(({ name, state }) => name === PAPER_DATA && state === 'ready');

interface Start {
  /** A graph in its text form that the space surrounds; null: none. */
  readonly from: string | null;
  /** Edges (`source-destination`) that stay as in that graph. */
  readonly locks: readonly string[];
}

/**
 * The paper's plan over three nodes, or a small one while the paper's data set is missing. `portable`: whether
 * the portable engine trains. A text that is no graph leaves the usual space, with its problem.
 */
export function firstPlan(
  { from, locks }: Start,
  sets: readonly DataSetView[],
  portable: boolean,
): { plan: StudyPlan; problem: LabProblem | null } {
  const plan = hasPaperData(sets) ? paperPlan(freshSeed(), 3) : quickLook(freshSeed(), portable);
  if (from === null) return { plan, problem: null };
  try {
    const graph = fromText(from);
    const start = { ...(plan.start ?? usualStart), graphs: [graph] };
    return { plan: { ...plan, space: spaceAround(graph, locks), start }, problem: null };
  } catch (thrown) {
    if (!(thrown instanceof LabError)) throw thrown;
    return { plan, problem: problemOf(thrown, 'app.unexpected') };
  }
}

/** Name of the preset that `firstPlan` begins with where no graph is given. */
export const firstPreset = (sets: readonly DataSetView[]): string =>
  hasPaperData(sets) ? '3' : 'quick';

/** The whole number in a field, at least `least`; `least` for an empty field. */
export const wholeNumber = (
  { valueAsNumber }: { readonly valueAsNumber: number },
  least: number,
): number => Math.max(least, Math.round(valueAsNumber) || least);
