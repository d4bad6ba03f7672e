import { LabError } from '../base/errors.ts';
import type { RunKind } from '../study/run.ts';

/** For an id that no record has. */
export const unknown = (what: string, id: number): LabError =>
  new LabError(
    `store.unknown-${what}`,
    `There is no ${what === 'rerun' ? 're-run' : what} ${id}.`,
    'Look at the list of what is there; it may have been removed.',
  );

/** For a second run of the same trial, or of the same seed of a re-run. */
export const duplicateRun = (kind: RunKind, number: number): LabError =>
  new LabError(
    'store.duplicate-run',
    `There is already a ${kind} ${number}; expected a number that is still free.`,
    'Nothing was changed.',
  );

/** For a second rejection of the same draw. */
export const duplicateRejection = (trial: number, draw: number): LabError =>
  new LabError(
    'store.duplicate-rejection',
    `Draw ${draw} of trial ${trial} was already rejected; expected one rejection a draw.`,
    'Nothing was changed.',
  );

/** For a second decision of the same trial at the same rung. */
export const decided = (run: number, rung: number): LabError =>
  new LabError(
    'store.decided',
    `Run ${run} was already decided at epoch ${rung} or is no trial; decisions are final.`,
    'Nothing was changed.',
  );

/** For an epoch that is not the next one. */
export const outOfOrder = (run: number, epoch: number): LabError =>
  new LabError(
    'store.epoch-order',
    `Run ${run} cannot record epoch ${epoch} now; expected the one after its last.`,
    'Nothing was changed.',
  );

/** For bytes that are not those that were announced or saved. */
export const damaged = (id: number, what: string): LabError =>
  new LabError(
    'store.checkpoint-damaged',
    `Checkpoint ${id}: ${what}.`,
    'The run goes on from its checkpoint before, or starts again.',
  );
