import { template } from '../../core/graph/templates.ts';
import { paperSpace, withGates } from '../../core/graph/space.ts';
import { addRerun } from '../../core/search/repeat.ts';
import type { Store } from '../../core/store/store.ts';
import type { Run } from '../../core/study/run.ts';
import { training } from '../contract/samples.ts';

/** Trials of a study, by number. */
export const trialsOf = (store: Store, study: number): Run[] =>
  store.runs({ study, kind: 'trial' });

/** A space without frozen nodes: no trial needs a pretrained network. */
export const noFrozen = { ...paperSpace(2, 'resnet8', ['resnet8', 'wrn-10-1']), frozen: false };

/** A space in which node 2 is always frozen. */
export const teaching = withGates(
  withGates(paperSpace(2, 'resnet8', ['resnet8', 'wrn-10-1']), 0, 2, ['cutoff']),
  1,
  2,
  ['cutoff'],
);

/** Adds a re-run that needs a pretrained network first. Returns its id. */
export const kdRerun = (store: Store): number =>
  addRerun(
    store,
    {
      name: 'KD',
      graph: template('kd', ['resnet8', 'resnet8']),
      study: null,
      trial: null,
      seeds: 2,
      baseSeed: 1,
      baselines: [],
      training: training(),
      retries: 0,
      priority: 0,
    },
    1,
  ).id;
