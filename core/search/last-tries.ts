import type { Store } from '../store/store.ts';
import type { Run } from '../study/run.ts';
import type { SlotBackoff } from './slot-backoff.ts';
import { MEMORY_STARTS } from './failures.ts';
import type { ActiveRuns } from './active-runs.ts';

/**
 * Trials that were out of memory beside others, and have their device to themselves for a last try:
 * its other slots rest until they have ended.
 */
export class LastTries {
  readonly #store: Store;
  readonly #active: ActiveRuns;
  readonly #backoff: SlotBackoff;
  readonly #devices = new Map<number, string>();

  constructor(store: Store, active: ActiveRuns, backoff: SlotBackoff) {
    this.#store = store;
    this.#active = active;
    this.#backoff = backoff;
  }

  /** Takes in a waiting run whose next start is to be alone; also one of a lab before. */
  consider({ id, kind, attempts }: Run): void {
    if (attempts < MEMORY_STARTS || kind === 'pretrain') return;
    const starved = this.#store
      .attempts({ run: id })
      .filter(({ outcome }) => outcome === 'out-of-memory')
      .filter(({ slot }) => !this.#backoff.isSuspect(slot));
    const device = this.#active.deviceOf(starved.at(-1)?.slot ?? '');
    if (starved.length >= MEMORY_STARTS && device !== undefined) this.#devices.set(id, device);
  }

  /** It waits for its device, or has it. */
  has(run: number): boolean {
    return this.#devices.has(run);
  }

  left(run: number): void {
    this.#devices.delete(run);
  }

  /** True of a slot that gets no other run. */
  reserves(slot: string): boolean {
    const device = this.#active.deviceOf(slot);
    return device !== undefined && [...this.#devices.values()].includes(device);
  }

  /**
   * Lets the others on each device rest, and gives the runs whose devices are free, with a slot.
   *
   * @param isWanted false of a run whose study no longer works on it
   */
  ready(isWanted: (run: number) => boolean): { run: number; slot: string }[] {
    const seen = new Set<string>();
    const ready = [];
    for (const [run, device] of [...this.#devices]) {
      const slots = this.#active.usable().filter((slot) => this.#active.deviceOf(slot) === device);
      const inOrder = slots.filter((slot) => !this.#backoff.isResting(slot));
      if (!isWanted(run) || inOrder.length === 0) this.#devices.delete(run);
      else if (!seen.has(device)) {
        seen.add(device);
        const slot = this.#vacate(run, device, inOrder);
        if (slot !== undefined) ready.push({ run, slot });
      }
    }
    return ready;
  }

  /** A slot of a device on which nothing runs; until then those that run are asked to pause. */
  #vacate(run: number, device: string, slots: readonly string[]): string | undefined {
    const live = this.#active.on(device);
    if (live.length === 0) return this.#active.free().find((slot) => slots.includes(slot));
    const others = live.filter((each) => each.asked === null);
    if (live.every((each) => each.run !== run)) this.#active.ask(others, 'pause', 'now');
    return undefined;
  }
}
