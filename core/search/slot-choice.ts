/** How well a waiting run suits a slot. */
export type Fit =
  | { suits: true; reason: 'nothing-against-it' | 'only-slot' }
  /** `failed-here`: it starts here only when no other slot is free. */
  | { suits: false; reason: 'failed-here' | 'waits-for-its-device' };

/** What counts for the fit of a run and a slot. */
export interface FitFacts {
  /** The run waits for its device, to have it to itself for a last try. */
  isLastTry: boolean;
  /** The last start of the run failed on this slot. */
  hasFailedHere: boolean;
  /** Usable slots that do not rest. */
  slotsInOrder: number;
}

/** Whether a run should start on a slot: not where it failed, as long as there are others. Pure. */
export function fitOf({ isLastTry, hasFailedHere, slotsInOrder }: FitFacts): Fit {
  if (isLastTry) return { suits: false, reason: 'waits-for-its-device' };
  if (!hasFailedHere) return { suits: true, reason: 'nothing-against-it' };
  return slotsInOrder === 1
    ? { suits: true, reason: 'only-slot' }
    : { suits: false, reason: 'failed-here' };
}

/** True when a run may take the slot; the last free slot is not kept for a better fit. */
export const mayTake = (fit: Fit, isLastSlot: boolean): boolean =>
  fit.suits || (isLastSlot && fit.reason === 'failed-here');

/** A run that waits for its device, or has it, with what happens there. */
export interface LastTryFacts {
  run: number;
  /** Its study still works on it. */
  isWanted: boolean;
  /** Usable slots of the device that do not rest. */
  slotsInOrder: readonly string[];
  /** Slots of all devices that can take a run now, in the order in which they are filled. */
  free: readonly string[];
  /** Runs on the device. */
  live: readonly number[];
  /** No run that waits for the same device comes before it. */
  isFirst: boolean;
}

export type LastTryStep =
  | { do: 'start'; slot: string; reason: 'device-is-free' }
  /** The other runs on the device pause, so that it becomes free. */
  | { do: 'clear-device'; reason: 'others-run' }
  | { do: 'wait'; reason: 'has-its-device' | 'another-is-first' | 'no-slot-is-free' }
  | { do: 'forget'; reason: 'not-wanted' | 'no-slot-in-order' };

/** What comes next for a run that is to have its device to itself. Pure. */
export function lastTryStep(facts: LastTryFacts): LastTryStep {
  const { run, isWanted, slotsInOrder, free, live, isFirst } = facts;
  if (!isWanted) return { do: 'forget', reason: 'not-wanted' };
  if (slotsInOrder.length === 0) return { do: 'forget', reason: 'no-slot-in-order' };
  if (!isFirst) return { do: 'wait', reason: 'another-is-first' };
  if (live.includes(run)) return { do: 'wait', reason: 'has-its-device' };
  if (live.length > 0) return { do: 'clear-device', reason: 'others-run' };
  const slot = free.find((each) => slotsInOrder.includes(each));
  return slot === undefined
    ? { do: 'wait', reason: 'no-slot-is-free' }
    : { do: 'start', slot, reason: 'device-is-free' };
}
