import { LabError } from '../base/errors.ts';
import type { ProblemKey } from '../base/problems.ts';
import type { RunKind } from '../study/run.ts';

/** Records that are found by a number. */
export type Numbered = CaseOf<ProblemKey>;

type CaseOf<Key> = Key extends `store.unknown-${infer What}` ? What : never;

/** For an id that no record has. */
export const unknown = (what: Numbered, id: number): LabError =>
  new LabError(`store.unknown-${what}`, { id });

/** For a second run of the same trial, or of the same seed of a re-run. */
export const duplicateRun = (kind: RunKind, number: number): LabError =>
  new LabError('store.duplicate-run', { kind, number });

/** For a second rejection of the same draw. */
export const duplicateRejection = (trial: number, draw: number): LabError =>
  new LabError('store.duplicate-rejection', { draw, trial });

/** For a second decision of the same trial at the same rung. */
export const decided = (run: number, rung: number): LabError =>
  new LabError('store.decided', { run, rung });

/** For an epoch that is not the next one. */
export const outOfOrder = (run: number, epoch: number): LabError =>
  new LabError('store.epoch-order', { run, epoch });

/** True for what reading a damaged row throws. */
export const isDamaged = (error: unknown): boolean =>
  error instanceof LabError && error.code === 'store.damaged';

/** Reads a record; undefined where its row is damaged. */
export function unlessDamaged<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isDamaged(error)) return undefined;
    throw error;
  }
}

/** For bytes that are not those that were announced or saved. */
export const damaged = (id: number, what: string): LabError =>
  new LabError('store.checkpoint-damaged', { id, what });
