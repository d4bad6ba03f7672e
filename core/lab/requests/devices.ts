import { deviceViews } from '../device-views.ts';
import type { Answers, LabContext } from '../lab-context.ts';

type Names = 'devices.list' | 'slots.list' | 'slots.set';

/** Devices and their slots. */
export function deviceRequests({ runner, views, settings, batcher }: LabContext): Answers<Names> {
  return {
    'devices.list': () => deviceViews(runner),
    'slots.list': () => views.slots(),
    'slots.set': ({ device, slots }) => {
      runner.setSlots(device, slots);
      settings.set({ slots: { [device]: slots } });
      batcher.slots();
      return views.slots();
    },
  };
}
