import type { Pretrained } from '../../study/pretrained.ts';
import type { RunState } from '../../study/run.ts';

export interface PretrainedView extends Omit<Pretrained, 'asked'> {
  state: RunState | 'imported';
  epoch: number;
  bytes: number;
  /** Studies whose frozen nodes use it. */
  usedBy: number[];
}

/** How far an import of weights is; it has ended when `step` is null. */
export interface TeacherImport {
  file: string;
  step: 'read' | 'data' | 'measure' | null;
  /** Images. */
  done: number;
  /** 0 where it is not known. */
  total: number;
}
