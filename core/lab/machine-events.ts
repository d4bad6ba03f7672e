import type { MachineView } from '../machines/machine-view.ts';
import type { ActivityLog } from './activity-log.ts';
import type { LabContext } from './lab-context.ts';
import { hasWorkFor } from './machine-work.ts';

type Slots = Record<string, number>;

/** Tells of changes, and gives a machine that comes in its slots as they were set before. */
export function watchMachines(
  { store, settings, batcher, machines }: LabContext,
  activity: ActivityLog,
  setSlots: (wanted: Slots) => void,
): void {
  const { problem } = machines;
  if (problem) batcher.log('error', `${problem.message} ${problem.next}`.trim());
  machines.watchWork((machine) => hasWorkFor(store, machine));
  const states = new Map<string, MachineView['state']>();
  machines.onChange(() => {
    const views = machines.views();
    for (const view of views) {
      const before = states.get(view.id);
      states.set(view.id, view.state);
      if (before === view.state) continue;
      if (view.state === 'reachable') setSlots(ofMachine(settings.get().slots, view));
      activity.machine(view, before);
    }
    batcher.now({ topic: 'machines', type: 'machines', machines: views });
    batcher.slots();
  });
}

/** Those settings of slots that are about devices of a machine. */
const ofMachine = (slots: Slots, { agents }: MachineView): Slots =>
  Object.fromEntries(
    Object.entries(slots).filter(([device]) =>
      agents.some(({ id }) => device.startsWith(`${id}/`)),
    ),
  );
