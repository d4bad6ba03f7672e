/** What failures on a slot have led to. */
export interface SlotRest {
  /** How long the slot gets no run. */
  seconds: number;
  /** How often it was resting since the last epoch there, with this time. */
  times: number;
}

/** For the log. */
export function restText(slot: string, { seconds, times }: SlotRest): string {
  const found = times === 1 ? 'One run after another failed' : 'Once more a run failed';
  const minutes = seconds / 60;
  return `${found} on slot ${slot}: it gets no run for ${minutes === 1 ? 'a minute' : `${minutes} minutes`} and is then tried again. Look at its device, or give that fewer slots.`;
}

interface Standing {
  /** Runs that failed on the slot since its last epoch. */
  readonly failed: Set<number>;
  resting: number;
  /** Ends its time on the bench. */
  timer: NodeJS.Timeout | null;
}

/** Runs that fail on a slot, with no epoch between them, before it is resting. */
const RUNS = 3;
/** Seconds on the bench at first; each further time is twice as long. */
const FIRST_TIME = 60;
const LONGEST_TIME = 1800;

/**
 * Slots that get no run for a while because one after another failed there: a bad card must not use
 * up a study's trials. One that fails again after its time goes back at once. Where all slots fail
 * the slots are not to blame, and none is resting.
 */
export class SlotBackoff {
  readonly #delayDivisor: number;
  readonly #standings = new Map<string, Standing>();
  /** Slots on which runs failed that are to be started again. */
  readonly #avoided = new Map<number, string>();

  /** @param delayDivisor divides the times on the bench */
  constructor(delayDivisor: number) {
    this.#delayDivisor = delayDivisor;
  }

  isResting(slot: string): boolean {
    return this.#standings.get(slot)?.timer != null;
  }

  /**
   * True from its first time on the bench to its next epoch: failures there are not held against
   * runs.
   */
  isSuspect(slot: string): boolean {
    return (this.#standings.get(slot)?.resting ?? 0) > 0;
  }

  /**
   * A run failed on a slot in a way that the slot may be to blame for.
   *
   * @param usable slots that can take runs, resting ones included
   * @param wake called when the slot can be asked again
   * @returns null when the slot is not resting for it
   */
  failed(slot: string, run: number, usable: readonly string[], wake: () => void): SlotRest | null {
    const standing = this.#standings.get(slot) ?? { failed: new Set(), resting: 0, timer: null };
    this.#standings.set(slot, standing);
    standing.failed.add(run);
    if (standing.failed.size < RUNS) return null;
    if (usable.every((other) => other === slot || this.isResting(other))) {
      this.clear();
      return null;
    }
    const seconds = Math.min(LONGEST_TIME, FIRST_TIME * 2 ** standing.resting++);
    standing.timer = setTimeout(
      () => {
        standing.timer = null;
        wake();
      },
      (seconds * 1000) / this.#delayDivisor,
    ).unref();
    return { seconds, times: standing.resting };
  }

  /** An epoch was done on a slot. */
  reported(slot: string): void {
    this.#end(slot);
  }

  /** A run that failed on a slot should be started on another. */
  avoid(run: number, slot: string): void {
    this.#avoided.set(run, slot);
  }

  avoids(run: number, slot: string): boolean {
    return this.#avoided.get(run) === slot;
  }

  /** True when any run should be started on another slot than before. */
  get avoidsAny(): boolean {
    return this.#avoided.size > 0;
  }

  /** A run has got a slot. */
  placed(run: number): void {
    this.#avoided.delete(run);
  }

  /** Forgets what was held against slots: all are asked again. */
  clear(): void {
    for (const slot of [...this.#standings.keys()]) this.#end(slot);
  }

  #end(slot: string): void {
    clearTimeout(this.#standings.get(slot)?.timer ?? undefined);
    this.#standings.delete(slot);
  }
}
