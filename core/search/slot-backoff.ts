import type { Lifetime } from '../base/lifetime.ts';
import { Delays } from './delays.ts';

/** A slot gets no run for a while, because runs failed there. */
export interface SlotRest {
  /** How long the slot gets no run. */
  seconds: number;
  /** Rests since the last epoch on the slot, this one included. */
  times: number;
}

/** Consequence of a failure for its slot. */
export type SlotDecision =
  | ({ do: 'rest'; reason: 'many-runs-failed' } & SlotRest)
  /** Two runs in a row may have failed by their own fault. */
  | { do: 'go-on'; reason: 'too-few-runs' }
  | { do: 'trust-all'; reason: 'every-slot-fails' };

/** Runs that fail on a slot, with no epoch between them, before the slot rests. */
const RUNS = 3;
/** Seconds of the first rest; each further one is twice as long. */
const FIRST_REST = 60;
const LONGEST_REST = 1800;

/**
 * What becomes of a slot on which a run has failed. Pure.
 *
 * @param failedRuns different runs that failed there since the slot's last epoch
 * @param rests times that the slot has rested since then
 * @param hasOthers another usable slot does not rest
 */
export function afterFailureOn(
  failedRuns: number,
  rests: number,
  hasOthers: boolean,
): SlotDecision {
  if (failedRuns < RUNS) return { do: 'go-on', reason: 'too-few-runs' };
  if (!hasOthers) return { do: 'trust-all', reason: 'every-slot-fails' };
  const seconds = Math.min(LONGEST_REST, FIRST_REST * 2 ** rests);
  return { do: 'rest', reason: 'many-runs-failed', seconds, times: rests + 1 };
}

/** The line of the log about a slot that rests. */
export function restText(slot: string, { seconds, times }: SlotRest): string {
  const found = times === 1 ? 'Several runs in a row failed' : 'Another run failed';
  const minutes = seconds / 60;
  const time = minutes === 1 ? 'a minute' : `${minutes} minutes`;
  return (
    `${found} on slot ${slot}: the slot pauses for ${time}. ` +
    'Check its device, or use fewer slots on it.'
  );
}

interface Failures {
  /** Runs that failed on the slot since its last epoch. */
  readonly runs: Set<number>;
  rests: number;
}

/**
 * Slots that rest because one run after another failed there: a bad card must not use up a study's
 * trials. A slot that fails again after its rest rests at once. Where all slots fail the slots are
 * not to blame, and none rests.
 */
export class SlotBackoff {
  readonly #delayDivisor: number;
  readonly #failures = new Map<string, Failures>();
  readonly #resting: Delays<string>;
  /** Waiting runs, with the slots on which they failed. */
  readonly #avoided = new Map<number, string>();

  /**
   * @param lifetime no rest outlives it
   * @param delayDivisor divides the rests
   */
  constructor(lifetime: Lifetime, delayDivisor: number) {
    this.#resting = new Delays(lifetime, { keepsProcess: false });
    this.#delayDivisor = delayDivisor;
  }

  isResting(slot: string): boolean {
    return this.#resting.has(slot);
  }

  /** True from a slot's first rest to its next epoch: its failures do not count against runs. */
  isSuspect(slot: string): boolean {
    return (this.#failures.get(slot)?.rests ?? 0) > 0;
  }

  /**
   * Notes a failure that the slot may be to blame for.
   *
   * @param usable slots that can take runs, resting ones included
   * @param wake called when the slot can take a run again
   * @returns null when the slot does not rest
   */
  failed(slot: string, run: number, usable: readonly string[], wake: () => void): SlotRest | null {
    const failures = this.#failures.get(slot) ?? { runs: new Set(), rests: 0 };
    this.#failures.set(slot, failures);
    failures.runs.add(run);
    const hasOthers = usable.some((other) => other !== slot && !this.isResting(other));
    const decision = afterFailureOn(failures.runs.size, failures.rests, hasOthers);
    if (decision.do === 'trust-all') this.clear();
    if (decision.do !== 'rest') return null;
    const { seconds, times } = decision;
    failures.rests = times;
    this.#resting.start(slot, (seconds * 1000) / this.#delayDivisor, wake);
    return { seconds, times };
  }

  /** Notes an epoch on a slot: the slot works. */
  reported(slot: string): void {
    this.#forget(slot);
  }

  /** Notes that a run should start on another slot next time. */
  avoid(run: number, slot: string): void {
    this.#avoided.set(run, slot);
  }

  avoids(run: number, slot: string): boolean {
    return this.#avoided.get(run) === slot;
  }

  /** True when any waiting run should start on another slot than before. */
  get avoidsAny(): boolean {
    return this.#avoided.size > 0;
  }

  /** Notes that a run has got a slot. */
  placed(run: number): void {
    this.#avoided.delete(run);
  }

  /** Forgets all failures: every slot can take runs again. */
  clear(): void {
    for (const slot of [...this.#failures.keys()]) this.#forget(slot);
  }

  #forget(slot: string): void {
    this.#resting.cancel(slot);
    this.#failures.delete(slot);
  }
}
