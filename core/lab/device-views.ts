import type { Runner } from '../search/runner.ts';
import { HERE, isAllowed, type Place } from '../study/place.ts';
import type { DeviceView } from './api.ts';

/** The devices of all machines, with machine and engine. */
export const deviceViews = (runner: Runner): DeviceView[] =>
  runner.devices().map((device) => {
    const { machine = HERE, engine = '' } = runner.placeOf?.(device.name) ?? {};
    return { ...device, machine, engine };
  });

/** The devices with slots that a place allows. */
export const trainingDevices = (runner: Runner, place: Place = {}): DeviceView[] =>
  deviceViews(runner).filter(
    ({ title, machine, engine, slots, present }) =>
      present && slots > 0 && isAllowed(place, { device: title, machine, engine }),
  );

/** Titles of devices and engines that give slightly different numbers, each once. */
export const deviceKinds = (devices: readonly DeviceView[]): string[] => [
  ...new Set(
    devices.map(({ title, engine }) => (engine === '' ? title : `${title} with ${engine}`)),
  ),
];
