import type { MachineManager } from '../machines/machine-manager.ts';
import type { Runner } from '../search/runner.ts';
import type { Scheduler } from '../search/scheduler.ts';
import type { Store } from '../store/store.ts';
import type { RequestInput, RequestName, RequestOutput } from './api.ts';
import type { DataSets } from './data-sets.ts';
import type { EngineManager } from './engine-manager.ts';
import type { Files } from './files.ts';
import type { SettingsContext } from './settings.ts';
import type { EventBatcher } from './event-batcher.ts';
import type { LabViews } from './lab-views.ts';
import type { TimeProbes } from './time-probes.ts';

/** Everything that requests are answered with. */
export interface LabContext {
  readonly store: Store;
  readonly scheduler: Scheduler;
  readonly runner: Runner;
  readonly views: LabViews;
  readonly batcher: EventBatcher;
  readonly files: Files;
  readonly dataSets: DataSets;
  readonly engine: EngineManager;
  readonly machines: MachineManager;
  readonly settings: SettingsContext;
  readonly probes: TimeProbes;
  readonly now: () => number;
}

export type Answer<Name extends RequestName> = (
  input: RequestInput<Name>,
  signal?: AbortSignal,
) => RequestOutput<Name> | Promise<RequestOutput<Name>>;

/** Answers to some of the requests. */
export type Answers<Names extends RequestName> = { [Name in Names]: Answer<Name> };
