import type { Device } from '../../core/devices/device.ts';
import type { Job, JobHandle, JobListener, Runner, Slot } from '../../core/search/runner.ts';
import type { FailureKind } from '../../core/study/run.ts';

/** Slots of one rack; they are lost together. */
export const RACK = 100;

/** Thousands of slots whose workers do nothing until they are lost. */
export class ManySlots implements Runner {
  /** How often the list of slots was read. */
  reads = 0;
  starts = 0;
  readonly #slots: readonly (Slot & { state: Slot['state'] })[];
  readonly #byName: ReadonlyMap<string, { state: Slot['state'] }>;
  readonly #jobs = new Map<string, JobListener>();
  readonly #listeners = new Set<() => void>();

  constructor(count: number) {
    this.#slots = Array.from({ length: count }, (_, index) => ({
      name: `rack${Math.floor(index / RACK)}:${index % RACK}`,
      // One slot a card: none has a neighbour.
      device: `rack${Math.floor(index / RACK)}:${index % RACK}`,
      state: 'ready' as const,
      problem: '',
    }));
    this.#byName = new Map(this.#slots.map((slot) => [slot.name, slot]));
  }

  slots(): readonly Slot[] {
    this.reads++;
    return [...this.#slots];
  }

  onSlots(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  devices(): readonly Device[] {
    return [];
  }

  setSlots(): void {
    throw new Error('these slots stay as they are');
  }

  start(slot: string, _job: Job, listener: JobListener): JobHandle {
    this.#byName.get(slot)!.state = 'busy';
    this.#jobs.set(slot, listener);
    this.starts++;
    return { stop: () => undefined, kill: () => undefined };
  }

  /** Every run of some slots fails within one turn of the event loop. */
  fail(kind: FailureKind, count: number): void {
    for (const [slot, listener] of [...this.#jobs].slice(0, count)) {
      this.#jobs.delete(slot);
      this.#byName.get(slot)!.state = 'ready';
      listener.failed({ kind, code: '', message: 'The rack is gone.', next: '', epoch: 1 });
    }
    for (const listener of this.#listeners) listener();
  }

  async close(): Promise<void> {
    return Promise.resolve();
  }
}
