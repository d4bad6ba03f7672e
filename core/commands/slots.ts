import { LabError } from '../base/errors.ts';
import { remoteName } from '../devices/names.ts';
import type { Device, LabApi } from '../lab/api.ts';
import { asWrongArguments, type Command, Exit } from './command.ts';
import { labOptions, withLab } from './lab-access.ts';
import { jsonLine, line, remark, size } from './report.ts';
import { missingSlots, slotlessText, table } from './words.ts';
import { jsonOption } from './usage.ts';
import type { Options } from './command.ts';

/** The option `--slots` of every command that trains in a lab. */
export const slotsOption = {
  slots: {
    type: 'string',
    value: 'N|D=N,...',
    help:
      'parallel trainings: on each device that trains, or on device D (see ktg slots); ' +
      'default auto: as last set, at first one per card, else one per core',
  },
} as const satisfies Options;

export const command: Command = {
  forms: [
    [
      'slots [N|D=N,...] [options]',
      'shows the devices of an open lab, or sets the number of parallel trainings on them',
    ],
  ],
  arguments: {
    N: 'on each device that trains now',
    'D=N,...':
      'on device D, such as cpu=1 or gpu:0=2,gpu:1=0; surplus slots close when their trials end',
  },
  options: { ...labOptions, json: jsonOption('one object: {"devices":[...]}') },
  words: 1,
  run: async (values, [wanted]) =>
    withLab(values, 'look', async ({ api, file, elsewhere }) => {
      if (!elsewhere) throw notOpen(file);
      await setSlots(api, wanted, 'any');
      const devices = await api.request('devices.list', {});
      if (values.json === true) jsonLine({ devices });
      else for (const text of deviceLines(devices)) line(text);
      const slotless = slotlessText(devices);
      if (slotless !== '') remark(`ktg: ${slotless}`);
      return Exit.done;
    }),
};

const deviceLines = (devices: readonly Device[]): string[] =>
  table([
    ['device', 'slots', 'at most', 'memory', ''],
    ...devices.map(({ name, title, memory, slots, maximumSlots, present }) => [
      name,
      String(slots),
      String(maximumSlots),
      memory === null ? '-' : size(memory),
      present ? title : `${title} (not there now)`,
    ]),
  ]);

/**
 * Sets slots from an argument: `3`, `cpu=1,gpu:0=2`; `auto` or nothing leaves them unchanged.
 *
 * @param leaving true when a device must have a slot afterwards, for training
 * @throws LabError `arguments.slots`, and `workers.*` as wrong arguments
 */
export async function setSlots(
  api: LabApi,
  wanted: string | undefined,
  leaving: 'some' | 'any',
): Promise<void> {
  if (wanted === undefined || wanted === 'auto') return;
  const devices = await api.request('devices.list', {});
  const here = devices.filter(({ name }) => remoteName(name) === null);
  const training = here.filter((device) => device.slots > 0);
  const all = (training.length > 0 ? training : here.slice(0, 1)).map(({ name }) => name);
  const settings = wanted.split(',').flatMap((setting) => {
    const [, device, count] = /^(?:(.+)=)?(\d{1,4})$/.exec(setting.trim()) ?? [];
    if (count === undefined || (device === undefined && Number(count) === 0))
      throw notSlots(wanted);
    return (device === undefined ? all : [device]).map((name) => ({
      device: name,
      slots: Number(count),
    }));
  });
  // Slots of another machine suffice, also of one that comes in later.
  if (leaving === 'some' && (await api.request('machines.list', {})).length === 0)
    requireSlot(wanted, devices, settings);
  try {
    for (const setting of settings) await api.request('slots.set', setting);
  } catch (error) {
    throw asWrongArguments(error);
  }
}

/** Refuses settings that leave no device with a slot. @throws LabError `arguments.slots` */
function requireSlot(
  wanted: string,
  devices: readonly Device[],
  settings: readonly { device: string; slots: number }[],
): void {
  const wished = new Map(settings.map(({ device, slots }) => [device, slots]));
  const left = devices.map((device) => ({
    ...device,
    slots: wished.get(device.name) ?? device.slots,
  }));
  const missing = missingSlots(left);
  if (missing !== '')
    throw new LabError('arguments.slots/none', { wanted: wanted.slice(0, 60), missing });
}

const notOpen = (file: string): LabError => new LabError('lab.not-open', { file });

const notSlots = (wanted: string): LabError =>
  new LabError('arguments.slots/text', { wanted: wanted.slice(0, 60) });
