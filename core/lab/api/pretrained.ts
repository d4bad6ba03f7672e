import type { Pretrained } from '../../study/pretrained.ts';
import type { RunState } from '../../study/run.ts';

export interface PretrainedView extends Omit<Pretrained, 'asked'> {
  state: RunState | 'imported';
  epoch: number;
  bytes: number;
  /** Studies whose frozen nodes use it. */
  usedBy: number[];
}
