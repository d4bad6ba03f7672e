import { stepsOf } from '../../../core/base/problem.ts';
import { stepsText } from '../../ui/actions.ts';
import type { Device } from '../../../core/lab/api.ts';

/** Devices that can have slots, or say why they cannot. */
export const slotDevices = (devices: readonly Device[]): Device[] =>
  devices.filter(
    ({ present, maximumSlots, note }) => present && (maximumSlots > 0 || note !== undefined),
  );

/** Why a device has so many slots, or why it computes nothing; '' where nothing is known. */
export const noteText = ({ note = '', obstacle }: Device): string =>
  obstacle ? `${obstacle.message} ${stepsText(stepsOf(obstacle))}`.trim() : note;

/** Why a device can have no more slots than it has; '' where it can. */
export function limitText(device: Device): string {
  const { kind, slots, maximumSlots } = device;
  if (slots < maximumSlots) return '';
  if (maximumSlots === 0) return noteText(device) || 'This device computes nothing here.';
  return kind === 'cpu'
    ? `The maximum: one slot for each of the ${maximumSlots} processor cores.`
    : `The maximum: a card is shared by at most ${maximumSlots} slots.`;
}
