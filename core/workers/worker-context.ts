import { LabError, problemOf } from '../base/errors.ts';
import { inBackground } from '../base/in-background.ts';
import type { Dataset } from '../data/dataset.ts';
import { openDataset } from '../data/resolve.ts';
import type { Engine } from '../engine/engine.ts';
import { openEngine } from '../engine/open.ts';
import type { Environment } from '../study/environment.ts';
import { environmentOf } from '../train/environment.ts';
import { Steps } from '../train/steps.ts';
import { MESSAGES_VERSION } from './messages.ts';
import type { ToLab, ToWorker } from './messages.ts';
import { type JobTools, WorkerJob } from './worker-job.ts';
import { Inbox, Outbox } from './transfer.ts';

/** Milliseconds between two signs of life; none is sent while a step blocks the process. */
const BEAT = 1000;

/**
 * Everything that a worker keeps between jobs: the engine, compiled steps, the data set that was
 * used last.
 */
export class WorkerContext implements JobTools {
  readonly post: (message: ToLab) => void;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  #engine: Engine | null = null;
  #steps: Steps | null = null;
  #dataFolder: string | null = null;
  #dataset: { spec: string; dataset: Dataset; environment: Environment } | null = null;
  #job: WorkerJob | null = null;
  #transfers = 0;

  constructor(post: (message: ToLab) => void) {
    this.post = post;
    this.inbox = new Inbox(post);
    this.outbox = new Outbox(post);
    setInterval(() => {
      this.#job?.beat();
    }, BEAT).unref();
  }

  receive(message: ToWorker): void {
    switch (message.type) {
      case 'hello':
        inBackground(this.#open(message));
        break;
      case 'start':
        inBackground(this.#run(new WorkerJob(message.job, this)));
        break;
      case 'verdict':
        if (this.#job?.job.run === message.run) this.#job.judged(message.epoch, message.verdict);
        break;
      case 'stop':
        if (this.#job?.job.run === message.run) this.#job.stop(message.when, message.keep);
        break;
      case 'checkpoint-settled':
        this.#job?.settled(message.transfer, message.problem);
        break;
      case 'chunk':
        this.inbox.chunk(message);
        break;
      case 'chunk-taken':
        this.outbox.taken(message);
        break;
      case 'transfer-ended':
        this.inbox.ended(message);
        this.outbox.ended(message);
        break;
      case 'shut-down':
        process.exit(0);
    }
  }

  get steps(): Steps {
    return this.#steps!;
  }

  nextTransfer(): number {
    return ++this.#transfers;
  }

  /**
   * Opens a data set, or takes the one of the job before. Downloads are left to the lab.
   */
  async data(spec: string): Promise<{ dataset: Dataset; environment: Environment }> {
    if (this.#dataset?.spec !== spec) {
      this.#dataset = null; // not two of them at once in memory
      const dataset = await openDataset(spec, {
        download: false,
        ...(this.#dataFolder !== null && { folder: this.#dataFolder }),
      });
      this.#dataset = { spec, dataset, environment: environmentOf(this.#engine!.info, dataset) };
    }
    return this.#dataset;
  }

  async #open({
    version,
    engine,
    device,
    computation,
    dataFolder,
  }: ToWorker & { type: 'hello' }): Promise<void> {
    try {
      if (version !== MESSAGES_VERSION) throw otherVersion(version);
      this.#dataFolder = dataFolder;
      this.#engine = await openEngine({ engine, device, computation });
      this.#steps = new Steps(this.#engine);
      const { info } = this.#engine;
      this.post({
        type: 'ready',
        version: MESSAGES_VERSION,
        engine: info.version,
        device: info.device,
      });
    } catch (error) {
      this.post({ type: 'unable', problem: problemOf(error, 'workers.unexpected') });
    }
  }

  async #run(job: WorkerJob): Promise<void> {
    this.#job = job;
    const last = await job.run();
    this.#job = null;
    this.post(last);
  }
}

const otherVersion = (version: number): LabError =>
  new LabError('workers.other-version', { version, workerVersion: MESSAGES_VERSION });
