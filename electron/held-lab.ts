import type { LabApi } from '../core/lab/api.ts';
import { enterDoorway, openDoorway } from '../core/lab/doorway.ts';
import { IN_MEMORY, openLab } from '../core/lab/open.ts';

/** A lab that the app works with. */
export interface HeldLab {
  readonly api: LabApi;
  readonly file: string;
  /** Another program of this user holds it, such as `ktg serve`; it goes on when the app ends. */
  readonly elsewhere: boolean;
  /** Settles when a lab elsewhere has ended; never for our own. */
  readonly lost: Promise<void>;
  close(how: 'save' | 'at-once'): Promise<void>;
}

/** The lab of a file: that of the program that holds it already, or our own. Throws LabErrors `store.*`. */
export async function holdLab(file: string): Promise<HeldLab> {
  const line = file === IN_MEMORY ? null : await enterDoorway(file);
  if (line) {
    const close = (): Promise<void> => {
      line.close();
      return line.closed;
    };
    return { api: line.api, file, elsewhere: true, lost: line.closed, close };
  }
  const lab = await openLab(file);
  const { readOnly } = await lab.request('lab.status', {});
  const leave = readOnly || file === IN_MEMORY ? () => undefined : await openDoorway(lab, file);
  return {
    api: lab,
    file,
    elsewhere: false,
    lost: new Promise(() => undefined),
    async close(how) {
      leave();
      await lab.close(how);
    },
  };
}
