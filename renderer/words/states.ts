/** States of runs and jobs for people: a word, and a sign so that colour is never alone. */
import type { RunState, Study } from '../../core/lab/api.ts';

export const runStates: Readonly<
  Record<RunState, { readonly title: string; readonly sign: string }>
> = {
  waiting: { title: 'waiting', sign: '○' },
  running: { title: 'running', sign: '▶' },
  completed: { title: 'completed', sign: '✓' },
  stopped: { title: 'stopped early', sign: '×' },
  failed: { title: 'failed', sign: '!' },
  'out-of-memory': { title: 'out of memory', sign: '!' },
  cancelled: { title: 'cancelled', sign: '–' },
  rejected: { title: 'rejected', sign: '⊘' },
  duplicate: { title: 'duplicate', sign: '=' },
};

export const runStateNames = Object.keys(runStates) as RunState[];

/**
 * Of studies and re-runs. A trial is completed when it did all its epochs; what holds trials is
 * finished.
 */
export const jobStates: Readonly<Record<Study['state'], string>> = {
  ready: 'ready to start',
  running: 'running',
  paused: 'paused',
  stopped: 'stopped',
  completed: 'completed',
};
