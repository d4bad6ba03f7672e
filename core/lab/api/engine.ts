import type { LabProblem } from '../../base/problem.ts';
import type { Transfer } from './data.ts';

export interface EngineView {
  /** What runs now: `tensorflow` or `portable`. */
  engine: string;
  version: string;
  kind: 'gpu' | 'cpu' | 'portable';
  /** What one click would make faster, and how much; '' when nothing. */
  advice: string;
  /** Whether training in bfloat16 works here. */
  bfloat16: boolean;
  installed: { kind: 'cpu' | 'gpu'; version: string; bytes: number }[];
  install: (Transfer & { step: string }) | null;
  problem: LabProblem | null;
}
