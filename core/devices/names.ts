/** A slot or device of another machine: `MACHINE/NAME`. */
export interface RemoteName {
  machine: string;
  /** Its name on that machine. */
  name: string;
}

/** The machine of a slot or device, and its name there; null for the lab's own machine. */
export function remoteName(full: string): RemoteName | null {
  const at = full.indexOf('/');
  return at < 0 ? null : { machine: full.slice(0, at), name: full.slice(at + 1) };
}

/** The device of a slot: its name without the number. */
export const deviceOfSlot = (slot: string): string => slot.slice(0, slot.lastIndexOf(':'));
