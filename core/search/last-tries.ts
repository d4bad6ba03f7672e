import type { Store } from '../store/store.ts';
import type { Run } from '../study/run.ts';
import type { ActiveRuns } from './active-runs.ts';
import { MEMORY_STARTS } from './failures.ts';
import type { SlotBackoff } from './slot-backoff.ts';
import { type LastTryStep, lastTryStep } from './slot-choice.ts';

/**
 * Runs that were out of memory beside others and have their device to themselves for a last try:
 * its other slots get no run until the last try has ended.
 */
export class LastTries {
  readonly #store: Store;
  readonly #active: ActiveRuns;
  readonly #backoff: SlotBackoff;
  /** Devices by run, in the order of arrival. */
  readonly #devices = new Map<number, string>();

  constructor(store: Store, active: ActiveRuns, backoff: SlotBackoff) {
    this.#store = store;
    this.#active = active;
    this.#backoff = backoff;
  }

  /** Takes in a waiting run whose next start is its last try; its attempts say so. */
  consider({ id, kind, attempts }: Run): void {
    if (attempts < MEMORY_STARTS || kind === 'pretrain') return;
    const starved = this.#store
      .attempts({ run: id })
      .filter(({ outcome }) => outcome === 'out-of-memory')
      .filter(({ slot }) => !this.#backoff.isSuspect(slot));
    const device = this.#active.deviceOf(starved.at(-1)?.slot ?? '');
    if (starved.length >= MEMORY_STARTS && device !== undefined) this.#devices.set(id, device);
  }

  /** True of a run that waits for its device, or has it. */
  has(run: number): boolean {
    return this.#devices.has(run);
  }

  /** Notes that a run has left its slot. */
  left(run: number): void {
    this.#devices.delete(run);
  }

  /** True of a slot that gets no other run. */
  reserves(slot: string): boolean {
    if (this.#devices.size === 0) return false; // a lab may have hundreds of slots
    const device = this.#active.deviceOf(slot);
    return device !== undefined && [...this.#devices.values()].includes(device);
  }

  /**
   * Asks other runs on the devices to pause.
   *
   * @param isWanted false of a run whose study no longer works on it
   * @returns runs whose devices are free, with a slot
   */
  ready(isWanted: (run: number) => boolean): { run: number; slot: string }[] {
    const seen = new Set<string>();
    const ready = [];
    for (const [run, device] of [...this.#devices]) {
      const step = this.#stepOf(run, device, isWanted(run), !seen.has(device));
      if (step.do === 'forget') {
        this.#devices.delete(run);
        continue;
      }
      seen.add(device);
      if (step.do === 'start') ready.push({ run, slot: step.slot });
      if (step.do === 'clear-device') {
        const others = this.#active.on(device).filter((each) => each.asked === null);
        this.#active.ask(others, 'pause', 'now');
      }
    }
    return ready;
  }

  #stepOf(run: number, device: string, isWanted: boolean, isFirst: boolean): LastTryStep {
    return lastTryStep({
      run,
      isWanted,
      isFirst,
      slotsInOrder: this.#active
        .usable()
        .filter((slot) => this.#active.deviceOf(slot) === device)
        .filter((slot) => !this.#backoff.isResting(slot)),
      free: this.#active.free(),
      live: this.#active.on(device).map((each) => each.run),
    });
  }
}
