import { LabError, problemOf } from '../base/errors.ts';
import { inBackground } from '../base/in-background.ts';
import type { LabProblem } from '../base/problem.ts';
import type {
  IncomingCheckpoint,
  Job,
  JobEnd,
  JobHandle,
  JobListener,
  Progress,
  Runner,
  Verdict,
  WeightsSource,
} from '../search/runner.ts';
import type { CheckpointPurpose } from '../study/checkpoint.ts';
import type { Environment } from '../study/environment.ts';
import type { EpochMetrics } from '../study/metrics.ts';
import type { Failure, StopWhen } from '../study/run.ts';
import { gather } from '../workers/transfer.ts';
import type { Blobs } from './blobs.ts';
import type { Urgency } from './budget.ts';
import type {
  Answer,
  Beat,
  Hello,
  JobEvent,
  JobKey,
  Offer,
  Order,
  Report,
  Snapshot,
} from './messages.ts';

export type StartOrder = Order & { type: 'start' };
/** Weights without the way to read them. */
type WeightsRecord = Omit<WeightsSource, 'chunks'>;
/** The last event of a job, without the snapshot that goes with it. */
type LastEvent = { type: 'ended'; end: JobEnd } | { type: 'failed'; failure: Failure };

/** What a job needs of its agent. */
export interface AgentJobContext {
  readonly runner: Runner;
  readonly blobs: Blobs;
  /** Asks the lab until it has answered; null when there is no message any more. */
  readonly report: (
    message: () => Omit<Report, 'boot' | 'session'> | null,
  ) => Promise<Answer | null>;
  readonly offer: (message: () => Omit<Offer, 'boot' | 'session'> | null) => Promise<Answer | null>;
  /** Weights of the lab. */
  readonly pull: (
    key: JobKey,
    weights: WeightsRecord,
    signal: AbortSignal,
  ) => AsyncIterable<Uint8Array>;
  readonly snapshot: () => Snapshot;
  /** Seconds between two routine checkpoints that go to the lab. */
  readonly handEvery: () => number;
  /** Weights cannot be kept on this machine. */
  readonly diskFull: (problem: LabProblem) => void;
  /** Nothing more comes of the job. */
  readonly over: (job: AgentJob) => void;
}

interface QueuedReport {
  /** Made when it is sent: its snapshot is as new as the message. */
  event: () => JobEvent;
  /** Epoch that it reports; 0 for other reports. */
  epoch: number;
  /** null when the job has ended without an answer. */
  answered: (verdict: Verdict | null) => void;
}

const NOTHING_DONE = { step: 0, steps: 0, compiling: null, imagesPerSecond: 0, memory: 0 };

/**
 * One job on an agent: passes what its worker reports on to the lab, in order and once.
 *
 * Longer than 300 lines: reports and checkpoints of a job wait for each other.
 */
export class AgentJob implements JobListener {
  readonly key: JobKey;
  readonly slot: string;
  readonly #context: AgentJobContext;
  readonly #job: StartOrder['job'];
  readonly #abort = new AbortController();
  readonly #queue: QueuedReport[] = [];
  #isSending = false;
  /** Settles when all reports so far are answered. */
  #reported: Promise<unknown> = Promise.resolve();
  #handle: JobHandle | null = null;
  #asked: { when: StopWhen; keep: boolean } | null = null;
  /** The latest checkpoint could not be kept. */
  #diskFull: LabProblem | null = null;
  /** Why the agent itself ends the job. */
  #yielding: LabProblem | null = null;
  #concluding = false;
  #over = false;
  #number = 0;
  #answeredEpoch: number;
  #signs = 0;
  #progress: Progress;
  /** The latest checkpoint, which is kept on this machine. */
  #local: WeightsRecord | null = null;
  #offers = 0;
  /** Epoch of the latest checkpoint that the lab has. */
  #handed: number;
  #handedAt = performance.now();
  /** The latest offer: offers go one by one. */
  #offering: Promise<unknown> = Promise.resolve();
  /** Hashes of weights that the job was started with. */
  readonly #pins: string[] = [];

  constructor(order: StartOrder, context: AgentJobContext) {
    const { run, attempt, resume } = order.job;
    this.key = { run, attempt };
    this.slot = order.slot;
    this.#job = order.job;
    this.#context = context;
    this.#answeredEpoch = resume?.epoch ?? 0;
    this.#handed = this.#answeredEpoch;
    this.#progress = { ...NOTHING_DONE, epoch: this.#answeredEpoch + 1 };
  }

  /** Its worker has ended; only its last reports are on their way. */
  get isEnding(): boolean {
    return this.#concluding || this.#over;
  }

  /** For a hello. */
  get held(): Hello['held'][number] {
    return { ...this.key, slot: this.slot, epoch: this.#answeredEpoch, number: this.#number };
  }

  /** For a beat. */
  get sign(): Beat['jobs'][number] {
    // Weights on their way are a sign of life.
    if (!this.#handle && !this.#over) this.#signs++;
    return { ...this.key, signs: this.#signs, progress: this.#progress };
  }

  /** Gets the weights that are not here yet, and starts the job. Throws what the runner throws. */
  begin(): void {
    const { resume, teachers } = this.#job;
    const needed = [...(resume ? [resume] : []), ...teachers.map(({ weights }) => weights)];
    if (needed.length === 0) this.#start();
    else inBackground(this.#fetch(needed));
  }

  stop(when: StopWhen, keep: boolean): void {
    if (this.#over) return;
    this.#asked = { when, keep };
    if (this.#handle) this.#handle.stop(when, keep);
    else if (!this.#concluding) this.ended('halted'); // its weights are still on their way
  }

  /** Hands a checkpoint over and leaves, to go on elsewhere. */
  yield(problem: LabProblem): void {
    this.#yielding ??= problem;
    this.stop('now', true);
  }

  /** Ends the worker; nothing more is reported. */
  kill(): void {
    if (this.#over) return;
    this.#handle?.kill();
    this.#end();
  }

  /** True when the job keeps these weights: the lab may pull them. */
  offers(sha256: string): boolean {
    return this.#local?.sha256 === sha256 || this.#pins.includes(sha256);
  }

  started(environment: Environment): void {
    inBackground(this.#report(() => ({ type: 'started', environment })));
  }

  progress(progress: Progress): void {
    this.#progress = progress;
    this.#signs++;
  }

  async epoch(metrics: EpochMetrics): Promise<Verdict> {
    this.#signs++;
    return (await this.#report(() => ({ type: 'epoch', metrics }), metrics.epoch)) ?? 'stop';
  }

  async checkpoint({ epoch, purpose, bytes, sha256, chunks }: IncomingCheckpoint): Promise<void> {
    let isRead = false;
    try {
      await this.#context.blobs.obtain(sha256, bytes, () => {
        isRead = true;
        return chunks;
      });
    } catch (error) {
      this.#noteFullDisk(error);
      throw error;
    }
    if (!isRead) await gather(chunks, bytes); // its worker waits until they are read
    this.#diskFull = null;
    this.#keep({ epoch, bytes, sha256 });
    if (purpose === 'final') await this.#hand('final', 'final');
    else if (this.#asked?.keep) await this.#hand('resume', 'stop');
    else if (performance.now() - this.#handedAt >= this.#context.handEvery() * 1000) {
      this.#handedAt = performance.now();
      // Training does not wait; a failure matters only when this machine is lost.
      this.#hand('resume', 'resume').catch(() => undefined);
    }
  }

  log(level: 'info' | 'warning' | 'error', text: string): void {
    inBackground(this.#report(() => ({ type: 'log', level, text })));
  }

  ended(end: JobEnd): void {
    const yielded = end === 'halted' ? this.#yielding : null;
    inBackground(
      this.#conclude(end === 'halted' && this.#asked?.keep === true, () =>
        yielded ? { type: 'failed', failure: this.#lost(yielded) } : { type: 'ended', end },
      ),
    );
  }

  failed(failure: Failure): void {
    // A full disk of this machine does not count against the run.
    const told = this.#diskFull ? this.#lost(this.#diskFull) : failure;
    // The next attempt goes on from the latest checkpoint of this machine.
    inBackground(this.#conclude(failure.kind !== 'nan', () => ({ type: 'failed', failure: told })));
  }

  #start(): void {
    const { blobs, runner } = this.#context;
    const source = (weights: WeightsRecord): WeightsSource => ({
      ...weights,
      chunks: () => blobs.read(weights.sha256),
    });
    const { resume, teachers, ...job } = this.#job;
    const whole: Job = {
      ...job,
      resume: resume && source(resume),
      teachers: teachers.map(({ node, weights }) => ({ node, weights: source(weights) })),
    };
    this.#handle = runner.start(this.slot, whole, this);
  }

  async #fetch(needed: readonly WeightsRecord[]): Promise<void> {
    const { blobs, pull } = this.#context;
    try {
      for (const weights of needed) {
        const { sha256, bytes } = weights;
        await blobs.obtain(sha256, bytes, () => pull(this.key, weights, this.#abort.signal));
        if (this.#over) blobs.unpin(sha256);
        else this.#pins.push(sha256);
      }
      if (!this.#over && !this.#concluding) this.#start();
    } catch (error) {
      this.#noteFullDisk(error);
      if (!this.#over && !this.#concluding) this.failed(this.#lost(problemOf(error)));
    }
  }

  #lost(problem: LabProblem): Failure {
    return { kind: 'lost', ...problem, epoch: this.#answeredEpoch + 1 };
  }

  #noteFullDisk(error: unknown): void {
    if (!(error instanceof LabError) || error.code !== 'agents.disk-full') return;
    this.#diskFull = problemOf(error);
    this.#context.diskFull(this.#diskFull);
  }

  /** Makes a checkpoint the latest one of this machine. */
  #keep(weights: WeightsRecord): void {
    const { blobs } = this.#context;
    if (this.#local) blobs.unpin(this.#local.sha256);
    if (this.#over) blobs.unpin(weights.sha256);
    else this.#local = weights;
  }

  /** Gives the lab the latest checkpoint. Throws LabError `workers.not-stored`. */
  async #hand(purpose: CheckpointPurpose, urgency: Urgency): Promise<void> {
    const before = this.#offering;
    const handing = this.#handAfter(before, purpose, urgency);
    this.#offering = handing.catch(() => undefined);
    await handing;
  }

  async #handAfter(
    before: Promise<unknown>,
    purpose: CheckpointPurpose,
    urgency: Urgency,
  ): Promise<void> {
    // The lab takes a checkpoint of an epoch only after the epoch. While it is away, training goes
    // on, and the latest checkpoint becomes another one.
    await Promise.all([before, this.#reported]);
    while (!this.#over && this.#local && this.#local.epoch > this.#answeredEpoch)
      await this.#reported;
    const weights = this.#local;
    if (!weights || (purpose === 'resume' && weights.epoch <= this.#handed)) return;
    const { blobs, offer } = this.#context;
    blobs.pin(weights.sha256);
    const offered = { ...this.key, number: ++this.#offers, purpose, urgency, ...weights };
    const answer = await offer(() => (this.#over ? null : offered));
    blobs.unpin(weights.sha256);
    if (answer?.type === 'gone') this.kill();
    if (answer?.type !== 'taken') throw new LabError('workers.not-stored', { problem: 'gone' });
    if (answer.problem !== '') throw new LabError('workers.not-stored', answer);
    this.#handed = weights.epoch;
    this.#handedAt = performance.now();
  }

  /** Reports the last event, after the latest checkpoint if the lab should have it. */
  async #conclude(handsOver: boolean, event: () => LastEvent): Promise<void> {
    if (this.#over || this.#concluding) return;
    this.#concluding = true;
    this.#handle = null;
    this.#abort.abort();
    await this.#offering;
    if (handsOver && this.#local && this.#local.epoch > this.#handed)
      await this.#hand('resume', 'stop').catch(() => undefined); // costs epochs, not the run
    await this.#report(() => ({ ...event(), ...this.#context.snapshot() }));
    this.#end();
  }

  #report(event: () => JobEvent, epoch = 0): Promise<Verdict | null> {
    const reported = new Promise<Verdict | null>((answered) => {
      this.#queue.push({ event, epoch, answered });
    });
    this.#reported = reported;
    if (this.#over) this.#drop();
    else inBackground(this.#send());
    return reported;
  }

  async #send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    for (let next = this.#queue[0]; next && !this.#over; next = this.#queue[0]) {
      const { event, epoch, answered } = next;
      const number = this.#number + 1;
      const answer = await this.#context.report(() =>
        this.#over ? null : { ...this.key, number, event: event() },
      );
      if (answer?.type === 'taken' && !this.#over) {
        this.#number = number;
        this.#answeredEpoch = Math.max(this.#answeredEpoch, epoch);
        this.#queue.shift();
        answered(answer.verdict);
      } else {
        this.kill();
      }
    }
    this.#isSending = false;
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#abort.abort();
    this.#drop();
    const { blobs, over } = this.#context;
    for (const sha256 of this.#pins) blobs.unpin(sha256);
    if (this.#local) blobs.unpin(this.#local.sha256);
    this.#local = null;
    over(this);
  }

  #drop(): void {
    for (const { answered } of this.#queue.splice(0)) answered(null);
  }
}
