/**
 * Names of runs that people read and addresses carry: by study and trial, by re-run and seed, never
 * by the lab's own ids.
 */
import type { PretrainedView, TrialRow } from '../core/lab/api.ts';

export type RunName =
  | { readonly study: number; readonly trial: number }
  /** Seeds count from 1, as on screen. */
  | { readonly rerun: number; readonly variant: string; readonly seed: number }
  | { readonly pretrained: number }
  /**
   * Id of a run, where nothing else is known; with its study in addresses of earlier versions.
   */
  | { readonly id: number; readonly study?: number };

/** Number in an address; null where it is none. */
export const numberIn = (text: string | null): number | null =>
  text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;

/** A run's name inside an address: `3.17`, `rerun2.graph.4`, `pretrained1`, `5`. */
export function runNameText(name: RunName): string {
  if ('trial' in name) return `${name.study}.${name.trial}`;
  if ('seed' in name) return `rerun${name.rerun}.${name.variant}.${name.seed}`;
  return 'pretrained' in name ? `pretrained${name.pretrained}` : String(name.id);
}

/** Reads the text of `runNameText`; null for any other text. */
export function parseRunName(text: string): RunName | null {
  const id = numberIn(text);
  if (id !== null) return { id };
  const trial = /^(\d{1,15})\.(\d{1,15})$/.exec(text);
  if (trial) return { study: Number(trial[1]), trial: Number(trial[2]) };
  const seed = /^rerun(\d{1,15})\.([a-z-]{1,20})\.(\d{1,15})$/.exec(text);
  if (seed) return { rerun: Number(seed[1]), variant: seed[2]!, seed: Number(seed[3]) };
  const pretrained = /^pretrained(\d{1,15})$/.exec(text);
  return pretrained && { pretrained: Number(pretrained[1]) };
}

/** The name of a run; a pretraining is named by the pretrained network that it made. */
export function nameOfRun(
  row: Pick<TrialRow, 'run' | 'kind' | 'study' | 'rerun' | 'variant' | 'number'>,
  pretrained: readonly PretrainedView[] = [],
): RunName {
  const { run, kind, study, rerun, variant, number } = row;
  if (kind === 'trial' && study !== null) return { study, trial: number };
  if (kind === 'repeat' && rerun !== null) return { rerun, variant, seed: number + 1 };
  const made = pretrained.find((each) => each.run === run);
  return made ? { pretrained: made.id } : { id: run };
}
