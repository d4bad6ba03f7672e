import * as v from 'valibot';
import { lineSchema } from './fields.ts';
import { machineIdSchema } from './pairing.ts';

/** How a place names the lab's own machine. */
export const HERE = '';

/** The slots on which runs may train; an entry that is absent allows every slot. */
export const placeSchema = v.strictObject({
  /** Id of a machine, or of a group of jobs; `HERE` for the lab's own. */
  machine: v.exactOptional(v.union([v.literal(HERE), machineIdSchema])),
  /** Title of the devices, such as `NVIDIA H100`: those of one title give equal numbers. */
  device: v.exactOptional(lineSchema(200)),
  /** Engine of the machine with its version, such as `TensorFlow 2.21.0`. */
  engine: v.exactOptional(lineSchema(100)),
});
export type Place = v.InferOutput<typeof placeSchema>;

/** Where a device computes. */
export type DevicePlace = Required<Place>;

/** Whether a device is one of those that a place allows. */
export const isAllowed = (place: Place, found: DevicePlace): boolean =>
  (place.machine === undefined || place.machine === found.machine) &&
  (place.device === undefined || place.device === found.device) &&
  (place.engine === undefined || place.engine === found.engine);

const machineText = (machine: string): string =>
  machine === HERE ? 'the lab’s own machine' : machine;

/** `lena, mila` for a run that trained there; '' where it trained on the lab's own machine. */
export const machinesText = (machines: readonly string[] = []): string =>
  machines.map(machineText).join(', ');

/**
 * What runs are `on`, in a few words: `lena`, or `NVIDIA H100 with TensorFlow 2.21.0 on lena`.
 */
export function placeText({ machine, device, engine }: Place): string {
  const where = machine === undefined ? '' : machineText(machine);
  if (device === undefined && engine === undefined) return where;
  const what = device ?? 'devices';
  const kind = engine === undefined ? what : `${what} with ${engine}`;
  return where === '' ? kind : `${kind} on ${where}`;
}
