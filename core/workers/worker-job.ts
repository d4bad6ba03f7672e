import { createHash } from 'node:crypto';
import { stepsOf } from '../base/problem.ts';
import { LabError, messageOf, problemOf } from '../base/errors.ts';
import { inBackground } from '../base/in-background.ts';
import type { Dataset } from '../data/dataset.ts';
import type { NodeState } from '../engine/engine.ts';
import { nodeNumbers, nodeOf, reachesTarget } from '../graph/graph.ts';
import { architecture } from '../models/architecture.ts';
import type { JobEnd, Verdict } from '../search/runner.ts';
import type { CheckpointPurpose } from '../study/checkpoint.ts';
import type { Environment } from '../study/environment.ts';
import type { StopWhen } from '../study/run.ts';
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  teacherState,
} from '../train/checkpoint.ts';
import type { Steps } from '../train/steps.ts';
import { Training } from '../train/training.ts';
import { failureOf } from './failure.ts';
import type { JobNotice, ToLab, WeightsNotice } from './messages.ts';
import { gather, type Inbox, type Outbox } from './transfer.ts';

/** The last message of a job. */
type Last = ToLab & { type: 'ended' | 'failed' };

/** Parts of the worker that a job uses. */
export interface JobTools {
  post(message: ToLab): void;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly steps: Steps;
  /** A number that no other transfer of this worker has. */
  nextTransfer(): number;
  data(spec: string): Promise<{ dataset: Dataset; environment: Environment }>;
}

/** One job inside its worker: a graph trained from one seed. */
export class WorkerJob {
  readonly job: JobNotice;
  readonly #tools: JobTools;
  /** Weights that the lab sends, asked for before their first chunk can come. */
  readonly #incoming: Map<number, AsyncIterable<Uint8Array>>;
  readonly #verdicts = new Map<number, Verdict>();
  #onVerdict: () => void = () => undefined;
  /**
   * Ends the epoch in progress: a stop was asked for, or the rule stops the run at an earlier
   * epoch.
   */
  readonly #abort = new AbortController();
  #asked: { when: StopWhen; keep: boolean } | null = null;
  #stopVerdict: 'stop' | 'save-and-stop' | null = null;
  readonly #settling = new Map<number, (problem: string) => void>();
  /** A checkpoint that is on its way while training continues. */
  #handing: Promise<void> | null = null;
  #training: Training | null = null;
  /** When compiling began; null when there is nothing to compile. */
  #compilingSince: number | null = null;
  #step = 0;
  #firstStepAt = 0;
  #imagesPerSecond = 0;

  constructor(job: JobNotice, tools: JobTools) {
    this.job = job;
    this.#tools = tools;
    const notices = [
      ...(job.resume ? [job.resume] : []),
      ...job.teachers.map(({ weights }) => weights),
    ];
    this.#incoming = new Map(
      notices.map(({ transfer, bytes }) => [transfer, tools.inbox.expect(transfer, bytes)]),
    );
  }

  /** Never rejects. */
  async run(): Promise<Last> {
    const { run } = this.job;
    try {
      this.beat();
      return { type: 'ended', run, end: await this.#train() };
    } catch (error) {
      return { type: 'failed', run, failure: failureOf(error, (this.#training?.epoch ?? 0) + 1) };
    } finally {
      await this.#handing;
      this.#training?.release();
      this.beat();
    }
  }

  judged(epoch: number, verdict: Verdict): void {
    this.#verdicts.set(epoch, verdict);
    if (verdict !== 'go-on') {
      this.#stopVerdict ??= verdict;
      this.#abort.abort();
    }
    this.#onVerdict();
  }

  stop(when: StopWhen, keep: boolean): void {
    this.#asked = { when, keep };
    if (when === 'now') this.#abort.abort();
  }

  settled(transfer: number, problem: string): void {
    this.#settling.get(transfer)?.(problem);
    if (problem !== '') this.#tools.outbox.ended({ type: 'transfer-ended', transfer, problem });
  }

  /**
   * A sign of life. `steps` is 0 as long as the first step of an epoch, which may compile, is not
   * done.
   */
  beat(): void {
    const { run, resume } = this.job;
    const loss = this.#training?.loss ?? null;
    this.#tools.post({
      type: 'heartbeat',
      run,
      progress: {
        epoch: (this.#training?.epoch ?? resume?.epoch ?? 0) + 1,
        step: this.#step,
        steps: this.#step === 0 ? 0 : this.#training!.stepsPerEpoch,
        compiling:
          this.#compilingSince === null ? null : (performance.now() - this.#compilingSince) / 1000,
        imagesPerSecond: this.#imagesPerSecond,
        ...(loss !== null && { loss }),
        memory: process.memoryUsage.rss(),
      },
    });
  }

  async #train(): Promise<JobEnd> {
    const { run, training: plan, rungs, resume } = this.job;
    const { environment } = await this.#tools.data(plan.data);
    const training = await this.#prepare();
    if (resume) training.restore(await this.#received(resume, `The checkpoint of run ${run}`));
    this.#tools.post({ type: 'started', run, environment });
    let savedAt = performance.now();
    for (;;) {
      if (this.#stopVerdict) return this.#obey(this.#stopVerdict);
      if (this.#asked) return this.#halt(this.#asked.keep);
      if (training.finished) {
        await this.#hand('final');
        return 'completed';
      }
      this.#step = 0;
      const metrics = await training.nextEpoch({
        signal: this.#abort.signal,
        onStep: (step) => {
          this.#stepped(step);
        },
      });
      if (!metrics) continue;
      this.#step = 0;
      this.#tools.post({ type: 'epoch', run, metrics });
      if (rungs.includes(metrics.epoch) || training.finished) await this.#verdict(metrics.epoch);
      if (this.#stopVerdict || this.#asked || training.finished) continue;
      if (performance.now() - savedAt >= this.job.checkpointEvery * 1000 && !this.#handing) {
        savedAt = performance.now();
        this.#handing = this.#hand('resume').catch((error: unknown) => {
          this.#log(
            `The checkpoint after epoch ${metrics.epoch} was not stored: ${messageOf(error)}`,
          );
        });
        inBackground(this.#handing.then(() => (this.#handing = null)));
      }
    }
  }

  async #prepare(): Promise<Training> {
    const { graph, training: plan, seed } = this.job;
    const { dataset } = await this.#tools.data(plan.data);
    const teachers = await this.#teachers(dataset);
    const { steps } = this.#tools;
    const onCompile = (): void => {
      this.#compilingSince = performance.now();
      this.beat();
    };
    const setup = {
      graph,
      plan,
      seed,
      dataset,
      steps,
      teachers,
      nodes: 'needed',
      onCompile,
    } as const;
    this.#training = await Training.prepare(setup).finally(() => (this.#compilingSince = null));
    return this.#training;
  }

  async #teachers(dataset: Dataset): Promise<Map<number, NodeState>> {
    const { graph, teachers } = this.job;
    const states = new Map<number, NodeState>();
    for (const { node, weights } of teachers) {
      if (!nodeNumbers(graph).includes(node) || !reachesTarget(graph, node)) continue;
      const what = `The teacher of node ${node}`;
      try {
        const model = architecture(nodeOf(graph, node).model, dataset);
        states.set(
          node,
          teacherState(await this.#received(weights, what), model, dataset.classes, what),
        );
      } catch (error) {
        const steps = stepsOf(problemOf(error));
        throw new LabError(
          'workers.wrong-teacher',
          { reason: messageOf(error), steps },
          { cause: error },
        );
      }
    }
    return states;
  }

  async #received({ transfer, bytes, sha256 }: WeightsNotice, what: string): Promise<Checkpoint> {
    const bytesReceived = await gather(this.#incoming.get(transfer)!, bytes);
    if (hashOf(bytesReceived) === sha256) return decodeCheckpoint(bytesReceived, what);
    throw new LabError('workers.weights-damaged', { what });
  }

  #stepped(step: number): void {
    const { stepsPerEpoch } = this.#training!;
    const now = performance.now();
    if (this.#step === 0) this.#firstStepAt = now;
    else
      this.#imagesPerSecond =
        ((step - 1) * this.job.training.recipe.batch * 1000) / Math.max(1, now - this.#firstStepAt);
    const first = this.#step === 0;
    this.#step = step;
    // The evaluation that comes next blocks the process; the first step ends compiling.
    if (first || step === stepsPerEpoch) this.beat();
  }

  async #verdict(epoch: number): Promise<void> {
    while (!this.#verdicts.has(epoch))
      await new Promise<void>((resolve) => (this.#onVerdict = resolve));
  }

  async #obey(verdict: 'stop' | 'save-and-stop'): Promise<JobEnd> {
    if (verdict === 'save-and-stop') await this.#hand('final');
    return 'stopped';
  }

  async #halt(keep: boolean): Promise<JobEnd> {
    if (keep) {
      // Exact to the step; a failure costs the epoch in progress, not the run.
      await this.#hand('resume').catch((error: unknown) => {
        this.#log(`The checkpoint was not stored: ${messageOf(error)}`);
      });
    }
    return 'halted';
  }

  /** Hands a checkpoint over; settles when it is stored. */
  async #hand(purpose: CheckpointPurpose): Promise<void> {
    await this.#handing;
    const training = this.#training!;
    const bytes = encodeCheckpoint(training.checkpoint());
    const transfer = this.#tools.nextTransfer();
    const stored = new Promise<void>((resolve, reject) => {
      this.#settling.set(transfer, (problem) => {
        if (problem === '') resolve();
        else reject(new LabError('workers.not-stored', { problem }));
      });
    });
    stored.catch(() => undefined); // told through the transfer when that breaks first
    const weights = { transfer, epoch: training.epoch, bytes: bytes.length, sha256: hashOf(bytes) };
    this.#tools.post({ type: 'checkpoint', run: this.job.run, purpose, weights });
    try {
      await this.#tools.outbox.send(transfer, () => [bytes]);
      await stored;
    } finally {
      this.#settling.delete(transfer);
    }
  }

  #log(text: string): void {
    this.#tools.post({ type: 'log', run: this.job.run, level: 'warning', text });
  }
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
