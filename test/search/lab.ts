import { Scheduler } from '../../core/search/scheduler.ts';
import type { SchedulerEvent } from '../../core/search/scheduler-events.ts';
import type { SchedulerOptions } from '../../core/search/scheduler.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import type { Store } from '../../core/store/store.ts';
import type { StudyPlan } from '../../core/study/plan.ts';
import type { Study } from '../../core/study/study.ts';
import { newStudy } from '../contract/samples.ts';
import { ScriptedRunner } from './scripted-runner.ts';
import type { Script } from './scripted-runner.ts';

export interface ScriptedLab {
  store: Store;
  runner: ScriptedRunner;
  scheduler: Scheduler;
  events: SchedulerEvent[];
  /** Waits until something holds, looking after every event. */
  until(holds: () => boolean): Promise<void>;
  study(change?: Partial<StudyPlan>): Study;
}

/** A store and a scheduler with scripted workers, and retries without noticeable delay. */
export function scriptedLab(
  script: Partial<Script> = {},
  options: SchedulerOptions = {},
  store: Store = openMemoryStore(),
): ScriptedLab {
  const runner = new ScriptedRunner({ slots: 2, ...script });
  const events: SchedulerEvent[] = [];
  const waiting = new Set<() => void>();
  const scheduler = new Scheduler(store, runner, {
    delayDivisor: 1000,
    onEvent: (event) => {
      events.push(event);
      for (const look of [...waiting]) look();
    },
    ...options,
  });
  return {
    store,
    runner,
    scheduler,
    events,
    until: (holds) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!holds()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    study: (change = {}) => store.addStudy(newStudy('M2', change)),
  };
}
