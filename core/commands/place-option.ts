import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../base/errors.ts';
import { remoteName } from '../devices/names.ts';
import type { DeviceView, LabApi } from '../lab/api.ts';
import { HERE, type Place } from '../study/place.ts';
import { type TrainingPlan, withPlace } from '../study/plan.ts';
import type { Options, Values } from './command.ts';
import { machineNamed } from './machines.ts';
import { remark } from './report.ts';
import { textOf } from './values.ts';

/** Options of every command that chooses where its runs train. */
export const placeOptions = {
  like: {
    type: 'string',
    value: 'D',
    help:
      'only on devices like D (see ktg slots), such as lena/gpu:0: the same card or processor ' +
      'and engine, so that the numbers of all runs can be compared',
  },
  machine: {
    type: 'string',
    value: 'NAME',
    help: 'only on slots of this machine (see ktg machines); local: of this one; any: of all',
  },
} as const satisfies Options;

const LOCAL = 'local';
const ANY = 'any';
/** Milliseconds for which an agent may come in, and between two looks. */
const PATIENCE = 30_000;
const LOOK = 250;

/**
 * Returns a training with the place that the options name; without them as it is.
 *
 * @throws LabError `agents.not-there`, `arguments.unknown-device`
 */
export async function placedBy(
  values: Values,
  api: LabApi,
  training: TrainingPlan,
): Promise<TrainingPlan> {
  const like = textOf(values, 'like');
  const machine = textOf(values, 'machine');
  if (like === undefined && machine === undefined) return training;
  return withPlace(training, {
    ...(machine === undefined ? {} : await machinePlace(api, machine)),
    ...(like === undefined ? {} : kindOf(await deviceNamed(api, like))),
  });
}

async function machinePlace(api: LabApi, name: string): Promise<Place> {
  if (name === ANY) return {};
  return { machine: name === LOCAL ? HERE : (await machineNamed({ api }, name)).id };
}

const kindOf = ({ title, engine }: DeviceView): Place => ({
  device: title,
  ...(engine !== '' && { engine }),
});

/** Finds a device; one of another machine is known once its agent has come in. */
async function deviceNamed(api: LabApi, name: string): Promise<DeviceView> {
  const machine = remoteName(name)?.machine;
  const machines = await api.request('machines.list', {});
  const mayCome = machines.some(({ id }) => machine?.startsWith(id));
  for (let waited = 0; ; waited += LOOK) {
    const devices = await api.request('devices.list', {});
    const found = devices.find((device) => device.name === name);
    if (found) return found;
    if (!mayCome || waited >= PATIENCE)
      throw new LabError('arguments.unknown-device', {
        device: name.slice(0, 60),
        devices: devices.map((device) => device.name).join(', '),
      });
    if (waited === 0) remark(`ktg: waiting until the machine of ${name} connects.`);
    await sleep(LOOK);
  }
}
