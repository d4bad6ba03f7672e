/** Names on the broker. A machine may use only its own; the lab uses all names of its id. */

/** Subjects on which the lab speaks to a machine: `ktg.LAB.down.MACHINE.WORD`. */
export const downSubject = (lab: string, machine: string, word: string): string =>
  `ktg.${lab}.down.${machine}.${word}`;

/** Subjects on which a machine speaks to the lab: `ktg.LAB.up.MACHINE.WORD`. */
export const upSubject = (lab: string, machine: string, word: string): string =>
  `ktg.${lab}.up.${machine}.${word}`;

/** Prefix of the subjects for answers to a machine's requests. */
export const machineInbox = (lab: string, machine: string): string =>
  `_INBOX.${lab}.machine.${machine}`;

/** Prefix of the subjects for answers to the lab's requests. */
export const labInbox = (lab: string): string => `_INBOX.${lab}.lab`;

/** The name that the broker of a lab tells everybody who dials it. */
export const brokerName = (lab: string): string => `ktg-${lab}`;
