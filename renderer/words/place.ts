/** Where runs may train, as a person chooses it. */
import type { DeviceView, MachineView } from '../../core/lab/api.ts';
import { HERE, type Place, placeText } from '../../core/study/place.ts';
import { counted } from '../ui/format.ts';

export interface PlaceChoice {
  /** Distinguishes the choices; '' for every slot. */
  readonly key: string;
  readonly place: Place | null;
  readonly title: string;
}

const keyOf = (place: Place | null): string =>
  place && Object.keys(place).length > 0 ? JSON.stringify(Object.entries(place).sort()) : '';

const choice = (place: Place, slots: number): PlaceChoice => ({
  key: keyOf(place),
  place,
  title: `${placeText(place)}${slots === 0 ? '' : ` (${counted(slots, 'slot')})`}`,
});

/**
 * Every slot, one kind of device, or one machine; the present choice too, also where the lab has no
 * such device now.
 */
export function placeChoices(
  devices: readonly DeviceView[],
  machines: readonly MachineView[],
  present: Place | null,
): { readonly choices: readonly PlaceChoice[]; readonly chosen: string } {
  const found = new Map<string, PlaceChoice>();
  const add = (made: PlaceChoice): void => {
    if (!found.has(made.key)) found.set(made.key, made);
  };
  const sum = (own: (device: DeviceView) => boolean): number =>
    devices
      .filter((device) => device.present && own(device))
      .reduce((n, { slots }) => n + slots, 0);
  for (const { title, engine } of devices.filter(({ slots }) => slots > 0))
    add(
      choice(
        { device: title, ...(engine !== '' && { engine }) },
        sum((device) => device.title === title && device.engine === engine),
      ),
    );
  if (machines.length > 0)
    for (const machine of [HERE, ...machines.map(({ id }) => id)])
      add(
        choice(
          { machine },
          sum((device) => device.machine === machine),
        ),
      );
  const chosen = keyOf(present);
  if (present && chosen !== '') add(choice(present, 0));
  const all: PlaceChoice = { key: '', place: null, title: 'every slot' };
  return { choices: [all, ...found.values()], chosen };
}

/**
 * A machine that did not train a trial, to repeat it there; where all did, the lab's own.
 *
 * @param trained where the trial was trained, as in `TrialRow.machines`
 */
export const otherMachine = (
  machines: readonly Pick<MachineView, 'id' | 'state' | 'agents'>[],
  trained: readonly string[] = [HERE],
): string => {
  const others = machines.filter(
    ({ id, agents }) =>
      !trained.includes(id) && !agents.some((agent) => trained.includes(agent.id)),
  );
  return (others.find(({ state }) => state === 'reachable') ?? others[0])?.id ?? HERE;
};
