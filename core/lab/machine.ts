import { probeGraph } from '../search/time-probe.ts';
import type { Machine } from '../search/speed.ts';
import type { LabContext } from './lab-context.ts';

/** This machine as it trains now, for estimates of time. */
export const machineOf = ({ runner, engine, dataSets, probes }: LabContext): Machine => ({
  slots: runner.slots().filter(({ state }) => state !== 'retired' && state !== 'broken').length,
  portable: engine.view().kind === 'portable',
  devices: runner.devices().flatMap(({ slots, title }) => (slots > 0 ? [title] : [])),
  measured: (plan) => {
    const found = probes.known(plan);
    return found && { seconds: found.secondsPerEpoch, graph: probeGraph(plan) };
  },
  images: (data) => dataSets.imagesOf(data),
});
