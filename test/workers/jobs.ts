import { createHash } from 'node:crypto';
import { template } from '../../core/graph/templates.ts';
import type {
  IncomingCheckpoint,
  Job,
  JobEnd,
  JobListener,
  Progress,
  Verdict,
  WeightsSource,
} from '../../core/search/runner.ts';
import type { Device } from '../../core/devices/device.ts';
import type { Environment } from '../../core/study/environment.ts';
import type { EpochMetrics } from '../../core/study/metrics.ts';
import { recipeFor } from '../../core/study/recipe.ts';
import type { Failure } from '../../core/study/run.ts';
import { gather } from '../../core/workers/transfer.ts';

/** Ten steps an epoch. */
const DATA = 'synthetic:train=200,test=40,classes=4';

export const job = (change: Partial<Job> = {}): Job => ({
  run: 7,
  attempt: 1,
  title: 'Test',
  graph: template('dml', ['resnet8', 'resnet8']),
  seed: 3,
  training: {
    data: DATA,
    protocol: 'held-out',
    purpose: 'search',
    splitSeed: 1,
    epochs: 2,
    recipe: { ...recipeFor(2), batch: 16 },
  },
  rungs: [],
  resume: null,
  teachers: [],
  checkpointEvery: 1e6,
  ...change,
});

export const cpu = (slots: number, maximumSlots = 2): Device => ({
  name: 'cpu',
  title: 'Test',
  kind: 'cpu',
  memory: null,
  slots,
  maximumSlots,
  present: true,
});

export const gpu = (index: number, slots: number): Device => ({
  ...cpu(slots, 8),
  name: `gpu:${index}`,
  kind: 'gpu',
});

/** Notes everything that a runner says of one job. */
export class Witness implements JobListener {
  readonly calls: string[] = [];
  readonly epochs: EpochMetrics[] = [];
  readonly progresses: Progress[] = [];
  readonly lines: string[] = [];
  readonly checkpoints: { epoch: number; purpose: string; data: Uint8Array }[] = [];
  environment: Environment | null = null;
  failure: Failure | null = null;
  /** Settles when the job has ended, whatever way. */
  readonly over: Promise<JobEnd | Failure>;
  #end!: (end: JobEnd | Failure) => void;
  verdict: (epoch: number) => Verdict = () => 'go-on';
  onEpoch: (epoch: number) => void = () => undefined;
  onProgress: (progress: Progress) => void = () => undefined;
  onStarted: () => void = () => undefined;
  take = async (incoming: IncomingCheckpoint): Promise<Uint8Array> =>
    gather(incoming.chunks, incoming.bytes);

  constructor() {
    this.over = new Promise((resolve) => (this.#end = resolve));
  }

  started(environment: Environment): void {
    this.calls.push('started');
    this.environment = environment;
    this.onStarted();
  }

  progress(progress: Progress): void {
    this.progresses.push(progress);
    this.onProgress(progress);
  }

  epoch(metrics: EpochMetrics): Verdict {
    this.calls.push(`epoch ${metrics.epoch}`);
    this.epochs.push(metrics);
    this.onEpoch(metrics.epoch);
    return this.verdict(metrics.epoch);
  }

  async checkpoint(incoming: IncomingCheckpoint): Promise<void> {
    const { epoch, purpose } = incoming;
    const data = await this.take(incoming);
    this.checkpoints.push({ epoch, purpose, data });
    this.calls.push(`${purpose} ${epoch}`);
  }

  log(_level: string, text: string): void {
    this.lines.push(text);
  }

  ended(end: JobEnd): void {
    this.calls.push(end);
    this.#end(end);
  }

  failed(failure: Failure): void {
    this.calls.push(`failed ${failure.kind}`);
    this.failure = failure;
    this.#end(failure);
  }
}

/** What is the same however long it took. */
export const numbers = (epochs: readonly EpochMetrics[]): Omit<EpochMetrics, 'seconds'>[] =>
  epochs.map(({ epoch, nodes, edges }) => ({ epoch, nodes, edges }));

export const weights = (data: Uint8Array, epoch: number): WeightsSource => ({
  epoch,
  bytes: data.length,
  sha256: createHash('sha256').update(data).digest('hex'),
  async *chunks() {
    for (let start = 0; start < data.length; start += 1 << 20)
      yield await Promise.resolve(data.subarray(start, start + (1 << 20)));
  },
});
