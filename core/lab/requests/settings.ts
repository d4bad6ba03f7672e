import type { Answers, LabContext } from '../lab-context.ts';

type Names = 'settings.get' | 'settings.set' | 'log.read';

/** Settings and the log. */
export function settingsRequests({ store, runner, settings }: LabContext): Answers<Names> {
  return {
    'settings.get': () => settings.get(),
    'settings.set': (change) => {
      for (const [device, slots] of Object.entries(change.slots ?? {}))
        runner.setSlots(device, slots);
      return settings.set(change);
    },
    'log.read': (filter) => store.logs(filter),
  };
}
