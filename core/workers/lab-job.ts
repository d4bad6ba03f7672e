import { nextSteps } from '../base/command-words.ts';
import { messageOf } from '../base/errors.ts';
import { inBackground } from '../base/in-background.ts';
import type { Job, JobHandle, JobListener, Verdict } from '../search/runner.ts';
import type { LabProblem } from '../base/problem.ts';
import type { Failure, StopWhen } from '../study/run.ts';
import { type Exit, failureOfExit } from './failure.ts';
import { JobOrder, badMessage } from './job-order.ts';
import type { ToLab, ToWorker, WeightsNotice } from './messages.ts';
import { SilenceWatch } from './silence-watch.ts';
import { Inbox, Outbox } from './transfer.ts';

/** Lines of a worker's output that go into the log of one job. */
const MAX_LINES = 100;

/** The part of the slot that a job uses. */
export interface JobSlot {
  send(message: ToWorker): void;
  kill(): void;
  /** Whether its process has used its processor since this was last asked. */
  isAtWork(): Promise<boolean>;
  /** The job is over; `tainted`: the process should not take another one. */
  over(tainted: boolean): void;
}

/**
 * One job on one worker, the lab's side: sends weights, passes on reports, and checks that the
 * worker keeps the contract.
 */
export class LabJob implements JobHandle {
  readonly job: Job;
  readonly #listener: JobListener;
  readonly #slot: JobSlot;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #silence: SilenceWatch;
  #transfers = 0;
  readonly #order: JobOrder;
  #over = false;
  #asked: { when: StopWhen; keep: boolean } | null = null;
  #lines = 0;
  /** Bytes of memory that its process last had. */
  memory = 0;

  constructor(job: Job, listener: JobListener, slot: JobSlot) {
    this.job = job;
    this.#listener = listener;
    this.#slot = slot;
    this.#order = new JobOrder(job, job.resume?.epoch ?? 0);
    this.#silence = new SilenceWatch({
      progress: {
        epoch: this.#order.epoch + 1,
        step: 0,
        steps: 0,
        compiling: null,
        imagesPerSecond: 0,
        memory: 0,
      },
      isAtWork: async () => slot.isAtWork(),
      vouch: (progress) => {
        listener.progress(progress);
      },
    });
    const post = (message: ToWorker): void => {
      slot.send(message);
    };
    this.#inbox = new Inbox(post);
    this.#outbox = new Outbox(post);
  }

  /** The worker is ready: tells it the job and sends the weights after it. */
  begin(): void {
    const { resume, teachers, ...plain } = this.job;
    const sends: (() => Promise<void>)[] = [];
    const announce = (weights: NonNullable<Job['resume']>): WeightsNotice => {
      const { epoch, bytes, sha256 } = weights;
      const transfer = ++this.#transfers;
      sends.push(async () => this.#outbox.send(transfer, () => weights.chunks()));
      return { transfer, epoch, bytes, sha256 };
    };
    const notice = {
      ...plain,
      resume: resume && announce(resume),
      teachers: teachers.map(({ node, weights }) => ({ node, weights: announce(weights) })),
    };
    this.#slot.send({ type: 'start', job: notice });
    if (this.#asked) this.#slot.send({ type: 'stop', run: this.job.run, ...this.#asked });
    // The worker hears of a transfer that breaks and fails the job with what it heard.
    for (const send of sends) send().catch(() => undefined);
  }

  stop(when: StopWhen, keep: boolean): void {
    if (this.#over) return;
    this.#asked = { when, keep };
    if (when === 'now' && this.#silence.progress.compiling !== null) this.#abandon();
    else this.#slot.send({ type: 'stop', run: this.job.run, when, keep });
  }

  kill(): void {
    if (this.#over) return;
    this.#end();
    this.#slot.kill();
  }

  /** Throws LabError `workers.bad-message` for a message that the worker may not send now. */
  receive(message: ToLab): void {
    if ('run' in message && message.run !== null && message.run !== this.job.run)
      throw badMessage(`it sent a message about run ${message.run} during run ${this.job.run}`);
    this.#silence.heard();
    switch (message.type) {
      case 'started':
        this.#order.started();
        this.#listener.started(message.environment);
        break;
      case 'heartbeat':
        this.memory = message.progress.memory;
        this.#silence.reported(message.progress);
        this.#listener.progress(message.progress);
        if (this.#asked?.when === 'now' && message.progress.compiling !== null) this.#abandon();
        break;
      case 'epoch':
        this.#epochDone(message);
        break;
      case 'checkpoint':
        this.#store(message);
        break;
      case 'ended':
        this.#order.ended(message.end, this.#asked !== null);
        this.#end();
        this.#slot.over(false);
        this.#listener.ended(message.end);
        break;
      case 'failed':
        this.#fail(
          message.failure,
          message.failure.kind === 'crash' || message.failure.kind === 'out-of-memory',
        );
        break;
      case 'log':
        this.#listener.log(message.level, message.text);
        break;
      case 'chunk':
        this.#inbox.chunk(message);
        break;
      case 'chunk-taken':
        this.#outbox.taken(message);
        break;
      case 'transfer-ended':
        this.#inbox.ended(message);
        this.#outbox.ended(message);
        break;
      case 'ready':
      case 'unable':
        throw badMessage(`it sent "${message.type}" during the job`);
    }
  }

  /** A line of its process's output. */
  line(text: string): void {
    if (this.#over || ++this.#lines > MAX_LINES) return;
    const last = this.#lines === MAX_LINES ? ' (its further output is left out)' : '';
    this.#listener.log('warning', text + last);
  }

  misbehaved(why: string): void {
    if (this.#over) return;
    this.#fail(
      {
        kind: 'protocol',
        code: '',
        message: `The worker was stopped, because it sent an invalid message: ${why}`,
        ...nextSteps('If it happens again, report it with the log of this run.', {
          do: 'open-log',
        }),
        epoch: this.#order.epoch + 1,
      },
      true,
    );
  }

  /** Its process has ended. */
  exited(exit: Exit): void {
    if (!this.#over) this.#fail(failureOfExit(exit, this.#order.epoch + 1), true);
  }

  /** Its device or its process cannot be had. */
  lost(problem: LabProblem): void {
    if (!this.#over) this.#fail({ kind: 'lost', ...problem, epoch: this.#order.epoch + 1 }, true);
  }

  /** Its device or engine cannot compute as its plan asks. */
  impossible(problem: LabProblem): void {
    if (!this.#over)
      this.#fail({ kind: 'precision', ...problem, epoch: this.#order.epoch + 1 }, true);
  }

  #epochDone({ metrics }: ToLab & { type: 'epoch' }): void {
    this.#order.reported(metrics);
    const answer = (verdict: Verdict): void => {
      if (this.#over) return;
      this.#order.judged(verdict);
      const { run } = this.job;
      this.#slot.send({ type: 'verdict', run, epoch: metrics.epoch, verdict });
    };
    const verdict = this.#listener.epoch(metrics);
    if (verdict instanceof Promise) inBackground(verdict.then(answer));
    else answer(verdict);
  }

  #store({ purpose, weights }: ToLab & { type: 'checkpoint' }): void {
    const { transfer, epoch, bytes, sha256 } = weights;
    this.#order.offered(epoch);
    const chunks = this.#inbox.expect(transfer, bytes);
    const settle = (problem: string): void => {
      this.#order.settled(problem === '' ? purpose : null);
      if (!this.#over) this.#slot.send({ type: 'checkpoint-settled', transfer, problem });
    };
    this.#listener.checkpoint({ epoch, purpose, bytes, sha256, chunks }).then(
      () => {
        settle('');
      },
      (error: unknown) => {
        settle(messageOf(error) || 'It could not be stored.');
      },
    );
  }

  #fail(failure: Failure, tainted: boolean): void {
    this.#end();
    this.#slot.over(tainted);
    this.#listener.failed(failure);
  }

  /** Ends a worker that compiles: it reads no message for a minute, and has no step to lose. */
  #abandon(): void {
    this.#end();
    this.#slot.over(true);
    setImmediate(() => {
      this.#listener.ended('halted');
    });
  }

  #end(): void {
    this.#over = true;
    this.#silence.close();
    this.#inbox.close('The job has ended.');
    this.#outbox.close('The job has ended.');
  }
}
