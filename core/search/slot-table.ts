import type { Slot } from './runner.ts';

/** What is asked of the slots again and again, found by name. */
export interface SlotTable {
  /** Slots that work or can work. */
  readonly usable: readonly string[];
  deviceOf(slot: string): string | undefined;
  /** Whether the device of a slot has other usable ones. */
  hasNeighbours(slot: string): boolean;
}

export function slotTable(slots: readonly Slot[]): SlotTable {
  const devices = new Map(slots.map(({ name, device }) => [name, device]));
  const usable = slots.filter(({ state }) => state !== 'retired' && state !== 'broken');
  const byDevice = Map.groupBy(usable, ({ device }) => device);
  return {
    usable: usable.map(({ name }) => name),
    deviceOf: (slot) => devices.get(slot),
    hasNeighbours(slot) {
      const beside = byDevice.get(devices.get(slot) ?? '') ?? [];
      return beside.length > 1 || beside.some(({ name }) => name !== slot);
    },
  };
}
