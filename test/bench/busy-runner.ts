import { createHash } from 'node:crypto';
import type { Device, Job, JobHandle, JobListener, Runner, Slot } from '../../core/search/runner.ts';
import { environment, metricsOf } from '../search/scripted-runner.ts';

/** Workers that send progress at a steady rate, an epoch every second, and always have a large checkpoint on its way. */
export class BusyRunner implements Runner {
  messages = 0;
  checkpointsSaved = 0;
  readonly #load: { slots: number; messagesPerSecond: number; checkpointBytes: number };
  readonly #slots: { name: string; device: string; state: Slot['state']; problem: string }[];
  readonly #data: Uint8Array;
  readonly #sha256: string;
  readonly #timers: NodeJS.Timeout[] = [];
  #closed = false;

  constructor(load: { slots: number; messagesPerSecond: number; checkpointBytes: number }) {
    this.#load = load;
    this.#slots = Array.from({ length: load.slots }, (_, index) => ({
      name: `busy:${index}`,
      device: 'busy',
      state: 'ready' as const,
      problem: '',
    }));
    this.#data = new Uint8Array(load.checkpointBytes).map((_, index) => (index * 31) & 255);
    this.#sha256 = createHash('sha256').update(this.#data).digest('hex');
  }

  slots(): readonly Slot[] {
    return this.#slots;
  }

  onSlots(): () => void {
    return () => undefined;
  }

  devices(): readonly Device[] {
    return [];
  }

  setSlots(): void {
    throw new Error('fixed');
  }

  start(name: string, job: Job, listener: JobListener): JobHandle {
    const slot = this.#slots.find((each) => each.name === name)!;
    slot.state = 'busy';
    setImmediate(() => {
      listener.started(environment);
    });
    const { messagesPerSecond } = this.#load;
    let epoch = 0;
    let count = 0;
    this.#timers.push(
      setInterval(() => {
        this.messages++;
        if (++count % messagesPerSecond === 0) {
          epoch++;
          listener.epoch(metricsOf(job, epoch, 0.5, 1));
        } else {
          listener.progress({
            epoch: epoch + 1,
            step: count,
            steps: 781,
            compiling: null,
            imagesPerSecond: 1,
            memory: 1,
          });
        }
      }, 1000 / messagesPerSecond),
    );
    void this.#saveAlways(listener, () => epoch);
    return { stop: () => undefined, kill: () => undefined };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    return Promise.resolve();
  }

  async #saveAlways(listener: JobListener, epoch: () => number): Promise<void> {
    while (!this.#closed) {
      const chunks = this.#chunks();
      await listener
        .checkpoint({
          epoch: epoch(),
          purpose: 'resume',
          bytes: this.#data.length,
          sha256: this.#sha256,
          chunks,
        })
        .then(
          () => this.checkpointsSaved++,
          () => (this.#closed = true),
        );
    }
  }

  async *#chunks(): AsyncGenerator<Uint8Array> {
    for (let start = 0; start < this.#data.length && !this.#closed; start += 1 << 20)
      yield await Promise.resolve(this.#data.subarray(start, start + (1 << 20)));
  }
}
