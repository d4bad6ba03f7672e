import { probeGraph } from '../search/time-probe.ts';
import type { Machine } from '../search/speed.ts';
import type { TrainingPlan } from '../study/plan.ts';
import { trainingDevices } from './device-views.ts';
import type { LabContext } from './lab-context.ts';

/** The slots of a plan as they train now, for estimates of time. */
export function machineOf(
  { runner, engine, dataSets, probes }: LabContext,
  { place }: TrainingPlan,
): Machine {
  const devices = trainingDevices(runner, place);
  const names = new Set(devices.map(({ name }) => name));
  return {
    slots: runner
      .slots()
      .filter(({ device, state }) => state !== 'retired' && state !== 'broken' && names.has(device))
      .length,
    portable: engine.view().kind === 'portable',
    devices: devices.map(({ title }) => title),
    measured: (plan) => {
      const found = probes.known(plan);
      return found && { seconds: found.secondsPerEpoch, graph: probeGraph(plan) };
    },
    images: (data) => dataSets.imagesOf(data),
  };
}
