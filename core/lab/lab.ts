import { LabError, problemOf } from '../base/errors.ts';
import { inBackground } from '../base/in-background.ts';
import type { Runner } from '../search/runner.ts';
import type { Device } from '../devices/device.ts';
import { remoteName } from '../devices/names.ts';
import { Scheduler } from '../search/scheduler.ts';
import type { SchedulerOptions } from '../search/scheduler.ts';
import type { Store } from '../store/store.ts';
import type { LabProblem } from '../base/problem.ts';
import type { RequestedEngine } from '../workers/messages.ts';
import type {
  LabApi,
  LabEvent,
  LabStatus,
  RequestInput,
  RequestName,
  RequestOutput,
  Topic,
} from './api.ts';
import { ActivityLog } from './activity-log.ts';
import { DataSets } from './data-sets.ts';
import type { Answer, LabContext } from './lab-context.ts';
import { EngineManager, type EngineWork } from './engine-manager.ts';
import { EventLog } from './events.ts';
import { sweepTemporary } from '../base/temporary.ts';
import { Files } from './files.ts';
import { LabViews } from './lab-views.ts';
import { TimeProbes } from './time-probes.ts';
import { ablationRequests } from './requests/ablations.ts';
import { MachineManager } from '../machines/machine-manager.ts';
import { dataRequests } from './requests/data.ts';
import { deviceRequests } from './requests/devices.ts';
import { engineRequests } from './requests/engine.ts';
import { fileRequests } from './requests/files.ts';
import { graphRequests } from './requests/graphs.ts';
import { labRequests } from './requests/lab.ts';
import { machineRequests } from './requests/machines.ts';
import { pretrainedRequests } from './requests/pretrained.ts';
import { rerunRequests } from './requests/reruns.ts';
import { runRequests } from './requests/runs.ts';
import { settingsRequests } from './requests/settings.ts';
import { studyRequests } from './requests/studies.ts';
import { teacherRequests } from './requests/teachers.ts';
import { logsRefusal, parseInput } from './schemas.ts';
import { SettingsContext } from './settings.ts';
import { EventBatcher } from './event-batcher.ts';
import { watchMachines } from './machine-events.ts';
import { passOn } from './scheduler-news.ts';

export interface LabOptions {
  /** Open; the lab closes it. */
  store: Store;
  /** What trains; the lab closes it. */
  runner: Runner & {
    renew?: (change: { engine?: RequestedEngine; dataFolder?: string | null }) => Promise<void>;
  };
  /** Other machines, opened; the lab closes them. Default: none can be added. */
  machines?: MachineManager;
  version: string;
  revision: string | null;
  scheduler?: Pick<SchedulerOptions, 'delayDivisor' | 'hangAfter' | 'checkpointEvery'>;
  engine?: EngineWork;
  /** Milliseconds since 1970. */
  now?: () => number;
}

/**
 * The lab: everything that screens and commands see and do, over store, search, workers and data.
 * One in a process holds a lab file; beside another one it can only be read.
 */
export class Lab implements LabApi {
  readonly #options: LabOptions;
  readonly #context: LabContext;
  readonly #events: EventLog;
  readonly #batcher: EventBatcher;
  readonly #activity: ActivityLog;
  readonly #answers: { [Name in RequestName]: Answer<Name> };
  readonly #interrupted: LabStatus['interrupted'];
  #closing: Promise<void> | null = null;

  constructor(options: LabOptions) {
    const { store, runner, now = Date.now } = options;
    this.#options = options;
    // Starts from the clock, so numbers never repeat across restarts.
    this.#events = new EventLog(now(), now);
    const settings = new SettingsContext(store);
    const { slots, checkpointEvery, engine: requested, dataFolder } = settings.get();
    const scheduler = new Scheduler(store, runner, {
      checkpointEvery,
      now,
      ...options.scheduler,
      onEvent: (event) => {
        passOn(event, { store, batcher: this.#batcher, activity: this.#activity });
      },
    });
    const views = new LabViews(store, runner, scheduler);
    this.#batcher = new EventBatcher(this.#events, views, store, now);
    this.#activity = new ActivityLog(store, this.#batcher);
    sweepTemporary();
    const files = new Files();
    const folder = (): string => settings.get().dataFolder;
    const dataSets = new DataSets(
      store,
      files,
      folder,
      (data) => {
        this.#batcher.now({ topic: 'data', type: 'data', data });
      },
      (decoding) => {
        this.#batcher.now({ topic: 'data', type: 'data-decoding', decoding });
      },
    );
    const engine = new EngineManager(
      () => settings.get().engine,
      () => onCards(runner.devices().filter(isHere)),
      (view, renewed) => {
        this.#batcher.now({ topic: 'engine', type: 'engine', engine: view });
        // cards may compute from now on, or no longer
        if (renewed)
          inBackground(
            runner.renew?.({}).then(() => {
              if (!this.#closing)
                this.#batcher.now({
                  topic: 'engine',
                  type: 'engine',
                  engine: this.#context.engine.view(),
                });
            }),
          );
      },
      options.engine,
    );
    this.#context = {
      store,
      scheduler,
      runner,
      views,
      batcher: this.#batcher,
      files,
      settings,
      now,
      dataSets,
      engine,
      probes: new TimeProbes(runner, engine, dataSets),
      machines: options.machines ?? new MachineManager({ store, runner: null, folder: null }),
    };
    this.#answers = {
      ...labRequests(this.#context, {
        ...{ version: options.version, revision: options.revision },
        interrupted: () => this.#interrupted,
        trouble: () => this.#trouble(),
        sequence: () => this.#events.sequence,
      }),
      ...studyRequests(this.#context),
      ...runRequests(this.#context),
      ...rerunRequests(this.#context),
      ...ablationRequests(this.#context),
      ...pretrainedRequests(this.#context),
      ...teacherRequests(this.#context),
      ...deviceRequests(this.#context),
      ...machineRequests(this.#context),
      ...graphRequests(this.#context),
      ...dataRequests(this.#context),
      ...engineRequests(this.#context),
      ...settingsRequests(this.#context),
      ...fileRequests(this.#context),
    };
    inBackground(runner.renew?.({ engine: requested, dataFolder }));
    this.#setSlots(slots);
    settings.onChange((after, before) => {
      scheduler.setCheckpointEvery(after.checkpointEvery);
      if (after.engine === before.engine && after.dataFolder === before.dataFolder) return;
      inBackground(runner.renew?.({ engine: after.engine, dataFolder: after.dataFolder }));
      this.#batcher.now({ topic: 'engine', type: 'engine', engine: this.#context.engine.view() });
    });
    watchMachines(this.#context, this.#activity, (wanted) => {
      this.#setSlots(wanted);
    });
    this.#interrupted = store.place.readOnly ? [] : this.#goOn();
  }

  async request<Name extends RequestName>(
    name: Name,
    input: RequestInput<Name>,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<RequestOutput<Name>> {
    signal?.throwIfAborted();
    if (this.#closing) throw new LabError('lab.closed');
    const checked = parseInput(name, input);
    try {
      const output = await this.#answers[name](checked, signal);
      signal?.throwIfAborted();
      return output;
    } catch (error) {
      if (error instanceof LabError && logsRefusal(name))
        this.#batcher.log('warning', `${error.message} ${error.next}`.trim());
      throw error;
    }
  }

  subscribe(
    topics: readonly Topic[],
    listener: (event: LabEvent) => void,
    after?: number,
  ): () => void {
    return this.#events.subscribe(topics, listener, after);
  }

  /**
   * Ends all work and closes runner and store; what was running goes on when the lab is next
   * opened. `save`: workers hand over their checkpoints first; `at-once` does not wait, and also
   * hastens a `save` under way.
   */
  async close(how: 'save' | 'at-once' = 'save'): Promise<void> {
    if (this.#closing && how === 'save') return this.#closing;
    const { scheduler } = this.#context;
    if (this.#closing) {
      await scheduler.close('at-once');
      return this.#closing;
    }
    this.#closing = this.#end(how);
    return this.#closing;
  }

  /** Continues what was running; a lab that cannot leaves nothing behind that works. */
  #goOn(): LabStatus['interrupted'] {
    const { scheduler, views } = this.#context;
    try {
      const interrupted = scheduler.open().map((run) => ({
        study: run.study,
        run: run.id,
        title: views.titleOf(run),
        epoch: run.epoch,
      }));
      if (interrupted.length > 0)
        this.#batcher.log(
          'warning',
          `The lab had ended with ${interrupted.length} runs in training; they continue now.`,
        );
      return interrupted;
    } catch (error) {
      this.#batcher.close();
      inBackground(scheduler.close('at-once'));
      throw error;
    }
  }

  async #end(how: 'save' | 'at-once'): Promise<void> {
    const { scheduler, runner, store, dataSets, files, engine, machines } = this.#context;
    dataSets.close();
    engine.cancel();
    if (!store.place.readOnly) await scheduler.close(how);
    this.#batcher.flush();
    this.#batcher.close();
    await runner.close();
    await machines.close();
    await files.close();
    store.close();
  }

  /** Looked at now: a file that is gone makes no event while nothing is written. */
  #trouble(): LabProblem | null {
    const lost = this.#context.store.trouble();
    return lost ? problemOf(lost) : this.#context.scheduler.trouble;
  }

  /** Slots as they were set before, as far as the devices are still the same. */
  #setSlots(slots: Record<string, number>): void {
    for (const [device, count] of Object.entries(slots)) {
      try {
        this.#options.runner.setSlots(device, count);
      } catch (error) {
        if (!(error instanceof LabError)) throw error;
      }
    }
  }
}

/** True for a device of this machine. */
const isHere = ({ name }: Device): boolean => remoteName(name) === null;

const onCards = (devices: readonly Device[]): boolean | null =>
  devices.length === 0
    ? null
    : devices.some(({ kind, slots, present }) => kind === 'gpu' && slots > 0 && present);
