import type { LabProblem } from '../../base/problem.ts';
import type { Holder, StoreSizes } from '../../store/store.ts';
import type { EngineView } from './engine.ts';
import type { SlotView } from './slots.ts';

export interface LabStatus {
  version: string;
  revision: string | null;
  /** Lab file; null in memory. */
  file: string | null;
  readOnly: boolean;
  heldBy: Holder | null;
  sizes: StoreSizes;
  /** Free bytes on the lab file's disk. */
  diskFree: number;
  /** What was running when the lab was last ended without closing, and goes on now. */
  interrupted: { study: number | null; run: number; title: string; epoch: number }[];
  /**
   * Why nothing can run now (the lab file takes no changes, such as on a full disk); resuming any
   * study tries again.
   */
  trouble: LabProblem | null;
  engine: EngineView;
  slots: SlotView[];
  /** Sequence number of the last event: subscribe after it to miss nothing. */
  sequence: number;
}
