import type { Lifetime } from '../base/lifetime.ts';
import type { LabProblem } from '../base/problem.ts';
import type { Store } from '../store/store.ts';
import type { StopWhen } from '../study/run.ts';
import type { ActiveRuns } from './active-runs.ts';
import type { LastTries } from './last-tries.ts';
import type { Owner } from './owner.ts';
import type { Pretraining } from './pretraining.ts';
import type { Emit } from './scheduler-events.ts';
import type { SlotBackoff } from './slot-backoff.ts';
import type { Suitability } from './suitability.ts';
import type { Works } from './works.ts';

/** State and functions of a scheduler that its parts share. */
export interface SchedulerParts {
  /** Ends with the scheduler; timers and turns belong to it. */
  lifetime: Lifetime;
  store: Store;
  active: ActiveRuns;
  works: Works;
  pretraining: Pretraining;
  emit: Emit;
  now: () => number;
  /** Fills free slots soon. */
  wake: () => void;
}

/** The shared state of the parts that choose slots and judge failures. */
export interface SlotParts extends SchedulerParts {
  backoff: SlotBackoff;
  suitability: Suitability;
  lastTries: LastTries;
  /** Divides delays, rests and waiting times. */
  delayDivisor: number;
  /** Pauses a study or re-run that cannot go on. */
  pause: (owner: Owner, when: StopWhen, problem: LabProblem) => void;
}
