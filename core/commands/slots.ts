import { LabError } from '../base/errors.ts';
import type { LabApi } from '../lab/api.ts';

/** Sets the slots of every device that has any: `auto` leaves them as they are. Throws `arguments.slots`, `workers.*`. */
export async function setSlots(api: LabApi, wanted: string | undefined): Promise<void> {
  if (wanted === undefined || wanted === 'auto') return;
  const slots = Number(wanted);
  if (!Number.isInteger(slots) || slots < 1)
    throw new LabError('arguments.slots', `--slots is "${wanted}"; a number of at least 1, or auto, is needed.`, 'Example: --slots 2'); // prettier-ignore
  const devices = await api.request('devices.list', {});
  const used = devices.filter((device) => device.slots > 0);
  for (const { name } of used.length > 0 ? used : devices.slice(0, 1))
    await api.request('slots.set', { device: name, slots });
}
