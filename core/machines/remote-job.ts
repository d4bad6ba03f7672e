import { LabError, messageOf } from '../base/errors.ts';
import type { LabProblem } from '../base/problem.ts';
import type { Graph } from '../graph/graph.ts';
import { architecture } from '../models/architecture.ts';
import { totalSize, tensors } from '../models/tensors.ts';
import type { Job, JobHandle, JobListener, Progress } from '../search/runner.ts';
import type { FailureKind, StopWhen } from '../study/run.ts';
import { JobOrder, badMessage } from '../workers/job-order.ts';
import type { Answer, Hello, JobKey, Offer, Report, Snapshot } from './messages.ts';
import { PartReader } from './part-reader.ts';

/** What a job needs of its machine. */
export interface RemoteJobContext {
  /** Sends the job's wish to its agent, until it is answered. */
  stop(job: RemoteJob, when: StopWhen, keep: boolean): void;
  /** Ends the job on its agent; its slot is free when the agent has confirmed it. */
  kill(job: RemoteJob): void;
  /** Forgets the job, which goes on at its agent. */
  leave(job: RemoteJob): void;
  /** The job is over; its agent knows. */
  over(job: RemoteJob, snapshot: Snapshot): void;
  /** Bytes of a checkpoint of its agent. */
  pull(job: RemoteJob, offer: Offer, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

const taken = (verdict: (Answer & { type: 'taken' })['verdict'] = null, why = ''): Answer => ({
  type: 'taken',
  verdict,
  problem: why,
});
const gone: Answer = { type: 'gone' };

/** One job on a machine, the lab's side. Its agent is not trusted: every report is checked. */
export class RemoteJob implements JobHandle {
  readonly job: Job;
  readonly key: JobKey;
  readonly slot: string;
  /** Its agent has said that it has the job. */
  isConfirmed = false;
  /** It was started by an earlier process of this lab. */
  readonly isAdopted: boolean;
  readonly #listener: JobListener;
  readonly #context: RemoteJobContext;
  readonly #order: JobOrder;
  readonly #abort = new AbortController();
  readonly #weights = new Map<string, PartReader>();
  #state: 'on' | 'over' | 'left' = 'on';
  #asked: { when: StopWhen; keep: boolean } | null = null;
  #number = 0;
  #answer: Promise<Answer | null> = Promise.resolve(gone);
  #offerNumber = 0;
  #offerAnswer: Promise<Answer | null> = Promise.resolve(gone);
  #signs = 0;

  constructor(
    place: { slot: string; job: Job; isAdopted: boolean },
    listener: JobListener,
    context: RemoteJobContext,
  ) {
    const { slot, job, isAdopted } = place;
    this.slot = slot;
    this.job = job;
    this.key = { run: job.run, attempt: job.attempt };
    this.isAdopted = isAdopted;
    this.#listener = listener;
    this.#context = context;
    this.#order = new JobOrder(job, job.resume?.epoch ?? 0);
    for (const source of [job.resume, ...job.teachers.map(({ weights }) => weights)])
      if (source) this.#weights.set(source.sha256, new PartReader(source));
  }

  get asked(): { when: StopWhen; keep: boolean } | null {
    return this.#asked;
  }

  get isOn(): boolean {
    return this.#state === 'on';
  }

  /** Weights that the job was started with. */
  weights(sha256: string): PartReader | undefined {
    return this.#weights.get(sha256);
  }

  stop(when: StopWhen, keep: boolean): void {
    if (!this.isOn) return;
    this.#asked = { when, keep };
    this.#context.stop(this, when, keep);
  }

  kill(): void {
    if (!this.isOn) return;
    this.#end('over');
    this.#context.kill(this);
  }

  leave(): void {
    if (!this.isOn) return;
    this.#end('left');
    this.#context.leave(this);
  }

  /** Its agent has it: from the start, or again after a connection. */
  confirmed(held: Hello['held'][number] | null): void {
    if (held && this.isAdopted && !this.isConfirmed) {
      this.#order.adopted(held.epoch);
      this.#number = held.number;
    }
    this.isConfirmed = true;
  }

  /** A beat of its agent; only a beat with a new sign of life counts. */
  beat(signs: number, progress: Progress): void {
    if (!this.isOn || signs === this.#signs) return;
    this.#signs = signs;
    this.#listener.progress(progress);
  }

  /**
   * Passes a report on, once.
   *
   * @returns the answer for its agent; null when there is none yet
   * @throws LabError `workers.bad-message`
   */
  async receive({ number, event }: Report): Promise<Answer | null> {
    if (!this.isOn) return this.#answerOfPast();
    if (number > this.#number + 1)
      throw badMessage(`it sent report ${number} after report ${this.#number}`);
    if (number > this.#number) {
      this.#number = number;
      this.#answer = this.#pass(event);
    }
    return this.#answer; // a report that comes twice changes nothing
  }

  /** Stores a checkpoint that its agent offers; as `receive`. */
  async offered(offer: Offer): Promise<Answer | null> {
    if (!this.isOn) return this.#answerOfPast();
    if (offer.number > this.#offerNumber) {
      if (offer.bytes > mostBytes(this.job.graph))
        throw badMessage(`it offered a checkpoint of ${offer.bytes} bytes`);
      this.#order.offered(offer.epoch);
      this.#offerNumber = offer.number;
      this.#offerAnswer = this.#store(offer);
    }
    return this.#offerAnswer;
  }

  /** Its machine or its slot cannot be had: the run goes on elsewhere. */
  lost(problem: LabProblem): void {
    this.fail('lost', problem);
  }

  fail(kind: FailureKind, problem: LabProblem): void {
    if (!this.isOn) return;
    const epoch = this.#order.epoch + 1;
    this.#end('over');
    this.#context.kill(this);
    this.#listener.failed({ kind, ...problem, epoch });
  }

  async #pass(event: Report['event']): Promise<Answer | null> {
    const { type } = event;
    const listener = this.#listener;
    if (type === 'started') {
      this.#order.started();
      listener.started(event.environment);
    } else if (type === 'epoch') {
      this.#order.reported(event.metrics);
      const verdict = await listener.epoch(event.metrics);
      if (!this.isOn) return this.#answerOfPast();
      this.#order.judged(verdict);
      return taken(verdict);
    } else if (type === 'log') {
      listener.log(event.level, event.text);
    } else {
      if (type === 'ended') {
        this.#order.ended(event.end, this.#asked !== null);
        listener.ended(event.end);
      } else listener.failed(event.failure);
      if (!this.isOn) return this.#answerOfPast();
      this.#end('over');
      this.#context.over(this, { tick: event.tick, slots: event.slots });
      return taken();
    }
    return this.isOn ? taken() : this.#answerOfPast();
  }

  async #store(offer: Offer): Promise<Answer | null> {
    const { epoch, purpose, bytes, sha256 } = offer;
    const chunks = this.#context.pull(this, offer, this.#abort.signal);
    try {
      await this.#listener.checkpoint({ epoch, purpose, bytes, sha256, chunks });
      this.#order.settled(purpose);
      return this.isOn ? taken() : this.#answerOfPast();
    } catch (error) {
      this.#order.settled(null);
      if (this.#state === 'left') return null;
      return taken(null, messageOf(error) || 'It could not be stored.');
    }
  }

  /** A job that was left may be adopted yet: its agent waits for an answer. */
  #answerOfPast(): Answer | null {
    return this.#state === 'left' ? null : gone;
  }

  #end(state: 'over' | 'left'): void {
    this.#state = state;
    this.#abort.abort();
  }
}

/** Images of more classes have no data set here. */
const MOST_CLASSES = 1000;
/** Bytes of a small network's checkpoint, and of every header. */
const LEAST = 64 << 20;

/** Bytes that a checkpoint of the graph has at most: parameters, momentum and statistics. */
const mostBytes = ({ nodes }: Graph): number =>
  nodes.reduce(
    (sum, { model }) => sum + 3 * 4 * totalSize(tensors(architecture(model), MOST_CLASSES)),
    LEAST,
  );

/** True for an error that a message of an agent is to blame for. */
export const isBadMessage = (error: unknown): error is LabError =>
  error instanceof LabError &&
  (error.code === 'workers.bad-message' || error.code === 'agents.bad-message');
