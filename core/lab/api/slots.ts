import type { Progress, Slot } from '../../search/runner.ts';

export interface SlotView extends Slot {
  /** Device's title. */
  deviceTitle: string;
  run: number | null;
  /** `Study "M3", trial 17`. */
  title: string;
  study: number | null;
  rerun: number | null;
  epoch: number;
  epochs: number;
  accuracy: number | null;
  progress: Progress | null;
}
