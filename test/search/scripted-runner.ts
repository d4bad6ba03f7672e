import { createHash } from 'node:crypto';
import { stream } from '../../core/base/random.ts';
import { evaluatedNodes, goalOf } from '../../core/graph/graph.ts';
import type {
  Job,
  JobEnd,
  JobHandle,
  JobListener,
  Runner,
  Slot,
} from '../../core/search/runner.ts';
import type { Device } from '../../core/devices/device.ts';
import { type EpochMetrics, unmeasuredEdge, unmeasuredNode } from '../../core/study/metrics.ts';
import type { Environment } from '../../core/study/environment.ts';
import type { FailureKind, StopWhen } from '../../core/study/run.ts';

export type Mishap = FailureKind | 'silence';

export interface Script {
  slots: number;
  /** Target's accuracy after an epoch; default: a learning curve from the job's seed and graph. */
  accuracy?: (job: Job, epoch: number) => number;
  /** What goes wrong in an epoch of an attempt on a slot; default: nothing. */
  mishap?: (job: Job, epoch: number, slot: string) => Mishap | undefined;
  /** What comes of a worker before it can say how it ended; default: nothing. */
  lastMishap?: (job: Job, end: JobEnd, listener: JobListener) => Mishap | undefined;
  /** Simulated seconds of an epoch; decides the order of arrivals. */
  seconds?: (job: Job, epoch: number) => number;
  /** Real milliseconds between two events, for who looks on; default: as fast as it goes. */
  pace?: number;
  /** Epochs between checkpoints; 0: none but the final one. */
  checkpointEach?: number;
  checkpointBytes?: number;
  /** Title of its device; default: Formula curves. */
  device?: string;
  /** Identity of the data that the worker of a job has read. */
  data?: (job: Job) => string;
  /** Files that its worker has found to be no image; default: none. */
  leftOut?: () => Environment['leftOut'];
  /** Seconds that a worker says to have compiled before its first epoch; 0: it does not compile. */
  compiling?: number;
}

interface Working {
  job: Job;
  slot: ScriptedSlot;
  listener: JobListener;
  epoch: number;
  time: number;
  order: number;
  stop: { when: StopWhen; keep: boolean } | null;
  gone: boolean;
  begun: boolean;
}

interface ScriptedSlot extends Slot {
  state: Slot['state'];
}

/**
 * Plays formula curves instead of training, in simulated time, so that a study of 1,500 trials
 * takes moments. Obeys the Runner contract; the order of arrivals depends on the script alone.
 */
export class ScriptedRunner implements Runner {
  readonly started: Job[] = [];
  reports = 0;
  readonly #script: Required<Script>;
  #slots: ScriptedSlot[];
  #working: Working[] = [];
  #listeners = new Set<() => void>();
  #time = 0;
  #order = 0;
  #pumping = false;
  #closed = false;

  constructor(script: Script) {
    this.#script = {
      accuracy: curve,
      mishap: () => undefined,
      lastMishap: () => undefined,
      seconds: (job, epoch) => 1 + stream(job.seed, 'seconds', epoch).uniform(),
      pace: 0,
      checkpointEach: 0,
      checkpointBytes: 1000,
      compiling: 0,
      device: 'Formula curves',
      data: () => environment.data,
      leftOut: () => undefined,
      ...script,
    };
    this.#slots = Array.from({ length: script.slots }, (_, index) => ({
      name: `scripted:${index}`,
      device: 'scripted',
      state: 'ready' as const,
      problem: '',
    }));
  }

  slots(): readonly Slot[] {
    return this.#slots;
  }

  onSlots(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  devices(): readonly Device[] {
    return [
      {
        name: 'scripted',
        title: this.#script.device,
        kind: 'cpu',
        memory: null,
        slots: this.#slots.length,
        maximumSlots: 64,
        present: true,
      },
    ];
  }

  setSlots(_device: string, count: number): void {
    while (this.#slots.length < count)
      this.#slots.push({
        name: `scripted:${this.#slots.length}`,
        device: 'scripted',
        state: 'ready',
        problem: '',
      });
    for (const slot of this.#slots.slice(count)) slot.state = 'retired';
    this.#slots = this.#slots.filter((slot, index) => index < count || this.#isBusy(slot));
    this.#slotsChanged();
  }

  start(name: string, job: Job, listener: JobListener): JobHandle {
    const slot = this.#slots.find((each) => each.name === name);
    if (slot?.state !== 'ready') throw new Error(`${name} is ${slot?.state ?? 'not there'}`);
    slot.state = 'busy';
    this.started.push(job);
    const working: Working = {
      job,
      slot,
      listener,
      epoch: job.resume?.epoch ?? 0,
      time: this.#time,
      order: this.#order++,
      stop: null,
      gone: false,
      begun: false,
    };
    this.#schedule(working);
    this.#pump();
    return {
      stop: (when, keep) => {
        working.stop = { when, keep };
        if (when === 'now') working.time = this.#time;
      },
      kill: () => {
        this.#end(working);
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#working = [];
    return Promise.resolve();
  }

  #isBusy(slot: Slot): boolean {
    return this.#working.some((working) => working.slot === slot);
  }

  #schedule(working: Working): void {
    working.time = this.#time + this.#script.seconds(working.job, working.epoch + 1);
    this.#working.push(working);
  }

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    if (this.#script.pace > 0) setTimeout(() => void this.#play(), this.#script.pace);
    else setImmediate(() => void this.#play());
  }

  /** The next event of simulated time, one a turn, as messages of many workers would come. */
  async #play(): Promise<void> {
    const next = this.#working.reduce<Working | undefined>(
      (first, each) =>
        !first || each.time < first.time || (each.time === first.time && each.order < first.order)
          ? each
          : first,
      undefined,
    );
    if (next && !this.#closed) {
      this.#time = Math.max(this.#time, next.time);
      await this.#step(next);
    }
    this.#pumping = false;
    if (this.#working.length > 0 && !this.#closed) this.#pump();
  }

  async #step(working: Working): Promise<void> {
    const { job, listener, stop } = working;
    if (!working.begun) {
      working.begun = true;
      const { compiling } = this.#script;
      if (compiling > 0)
        listener.progress({
          epoch: 1,
          step: 0,
          steps: 0,
          compiling,
          imagesPerSecond: 0,
          memory: 1,
        });
      const leftOut = this.#script.leftOut();
      const data = this.#script.data(working.job);
      listener.started({ ...environment, data, ...(leftOut && { leftOut }) });
    }
    if (stop?.when === 'now') return this.#halt(working, stop.keep);
    const epoch = working.epoch + 1;
    const mishap = this.#script.mishap(job, epoch, working.slot.name);
    if (mishap === 'silence') {
      working.time = Infinity;
      return;
    }
    if (mishap) {
      this.#end(working);
      listener.failed({ kind: mishap, code: '', message: `scripted ${mishap}`, next: '', epoch });
      return;
    }
    working.epoch = epoch;
    working.time = this.#time + this.#script.seconds(job, epoch + 1);
    this.reports++;
    const { accuracy, seconds } = this.#script;
    const answer = listener.epoch(metricsOf(job, epoch, accuracy(job, epoch), seconds(job, epoch)));
    const verdict = answer instanceof Promise ? await answer : answer;
    if (working.gone) return;
    if (verdict !== 'go-on') {
      if (verdict === 'save-and-stop') await this.#hand(working, 'final');
      this.#conclude(working, 'stopped');
    } else if (epoch >= job.training.epochs) {
      await this.#hand(working, 'final');
      this.#conclude(working, 'completed');
    } else {
      // A stop may have been asked for while this epoch was being taken.
      const asked = working.stop;
      if (asked) return this.#halt(working, asked.keep);
      const { checkpointEach } = this.#script;
      if (checkpointEach > 0 && epoch % checkpointEach === 0) await this.#hand(working, 'resume');
    }
  }

  #conclude(working: Working, end: JobEnd): void {
    const { job, listener } = working;
    const mishap = this.#script.lastMishap(job, end, listener);
    if (mishap === 'silence') {
      this.#working = this.#working.filter((each) => each !== working);
      return;
    }
    this.#end(working);
    if (mishap)
      listener.failed({ kind: mishap, code: '', message: 'too late', next: '', epoch: 0 });
    else listener.ended(end);
  }

  async #halt(working: Working, keep: boolean): Promise<void> {
    if (keep && working.epoch > 0) await this.#hand(working, 'resume');
    if (working.gone) return;
    this.#end(working);
    working.listener.ended('halted');
  }

  async #hand({ job, epoch, listener }: Working, purpose: 'resume' | 'final'): Promise<void> {
    const data = new Uint8Array(this.#script.checkpointBytes).fill((job.run + epoch) & 255);
    const sha256 = createHash('sha256').update(data).digest('hex');
    // A checkpoint that cannot be stored does not stop the training.
    await listener
      .checkpoint({ epoch, purpose, bytes: data.length, sha256, chunks: inChunks(data) })
      .catch(() => undefined);
  }

  #end(working: Working): void {
    if (working.gone) return;
    working.gone = true;
    this.#working = this.#working.filter((each) => each !== working);
    if (working.slot.state === 'retired')
      this.#slots = this.#slots.filter((slot) => slot !== working.slot);
    else working.slot.state = 'ready';
    queueMicrotask(() => {
      this.#slotsChanged();
    });
  }

  #slotsChanged(): void {
    for (const listener of this.#listeners) listener();
  }
}

async function* inChunks(data: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < data.length; start += 1 << 20)
    yield await Promise.resolve(data.subarray(start, start + (1 << 20)));
}

/** A learning curve that rises towards a limit; both depend on seed and graph alone. */
export function curve(job: Pick<Job, 'seed' | 'graph' | 'training'>, epoch: number): number {
  const random = stream(job.seed, JSON.stringify(job.graph), 'curve');
  const limit = 0.4 + 0.5 * random.uniform();
  const pace = 2 + 10 * random.uniform();
  const noise = 0.02 * (stream(job.seed, 'noise', epoch).uniform() - 0.5);
  return Math.min(1, Math.max(0, limit * (1 - Math.exp(-epoch / pace)) + noise));
}

/** Metrics of an epoch in which the node that counts has this accuracy; the other numbers follow from it. */
export function metricsOf(
  job: Pick<Job, 'graph' | 'training'>,
  epoch: number,
  accuracy: number,
  seconds: number,
): EpochMetrics {
  return {
    epoch,
    seconds,
    nodes: evaluatedNodes(job.graph).map((node) => ({
      ...unmeasuredNode,
      accuracy: node === goalOf(job.graph) ? accuracy : accuracy * 0.9,
      loss: 3 - accuracy,
      trainAccuracy: accuracy,
      trainLoss: 3 - accuracy,
    })),
    edges: job.graph.edges.map((edge) =>
      edge.gate === 'cutoff'
        ? null
        : {
            ...unmeasuredEdge,
            rawLoss: 2,
            gatedLoss: 1,
            weight: edge.gate === 'linear' ? epoch / job.training.epochs : 1,
            bothRight: 100,
            onlySourceRight: 10,
            onlyDestinationRight: 10,
            bothWrong: 30,
          },
    ),
  };
}

export const environment: Environment = {
  app: '0.0.0',
  revision: null,
  runtime: 'node',
  engine: 'scripted',
  platform: 'any',
  host: 'here',
  device: 'none',
  data: 'synthetic:0',
};
