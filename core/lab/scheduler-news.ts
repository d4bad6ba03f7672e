import type { SchedulerEvent } from '../search/scheduler-events.ts';
import type { Store } from '../store/store.ts';
import type { ActivityLog } from './activity-log.ts';
import type { EventBatcher } from './event-batcher.ts';

interface Receivers {
  readonly store: Store;
  readonly batcher: EventBatcher;
  readonly activity: ActivityLog;
}

/** Passes an event of the scheduler on to those who follow the lab, and to its log. */
export function passOn(event: SchedulerEvent, { store, batcher, activity }: Receivers): void {
  switch (event.type) {
    case 'study':
      batcher.study(event.study);
      activity.heard(event);
      break;
    case 'rerun':
      batcher.rerun(event.rerun);
      activity.heard(event);
      break;
    case 'run':
      batcher.run(event.run);
      activity.dataOf(event.run);
      break;
    case 'epoch':
      batcher.epoch(event.run, event.metrics);
      break;
    case 'decision':
      batcher.decision(event.run, event.study, event.decision, event.at);
      break;
    case 'pretrained':
      batcher.pretrained();
      break;
    case 'slots':
      batcher.slots();
      break;
    case 'log':
      batcher.log(event.level, event.text, event);
      break;
    case 'trouble':
      if (event.problem) batcher.log('error', `${event.problem.message} ${event.problem.next}`);
      batcher.now({ topic: 'studies', type: 'trouble', problem: event.problem });
      for (const { id, state } of store.studies()) if (state === 'running') batcher.study(id);
  }
}
