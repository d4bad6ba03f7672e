import type { Device } from '../../../core/lab/api.ts';

/** Devices that can have slots, or say why they cannot. */
export const slotDevices = (devices: readonly Device[]): Device[] =>
  devices.filter(
    ({ present, maximumSlots, note }) => present && (maximumSlots > 0 || note !== undefined),
  );

/** Why a device can have no more slots than it has; '' where it can. */
export function limitText({ kind, slots, maximumSlots, note }: Device): string {
  if (slots < maximumSlots) return '';
  if (maximumSlots === 0) return note ?? 'This device computes nothing here.';
  return kind === 'cpu'
    ? `The maximum: one slot for each of the ${maximumSlots} processor cores.`
    : `The maximum: a card is shared by at most ${maximumSlots} slots.`;
}
