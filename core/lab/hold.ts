import type { LabApi } from './api.ts';
import { enterDoorway, openDoorway } from './doorway.ts';
import { IN_MEMORY, openLab } from './open.ts';

/** A lab that a program works with. */
export interface HeldLab {
  readonly api: LabApi;
  readonly file: string;
  /** It runs in another program of this user (the app, a search in a terminal), which goes on when this one ends. */
  readonly elsewhere: boolean;
  /** Settles when a lab elsewhere has ended; never for our own. */
  readonly lost: Promise<void>;
  close(how?: 'save' | 'at-once'): Promise<void>;
}

/**
 * The lab of a file: that of the program that holds it already, or else our own, which others may then talk to. Throws
 * LabErrors `store.*`.
 *
 * @param how as for `openLab`
 */
export async function holdLab(
  file: string,
  how: Parameters<typeof openLab>[1] = 'to-work',
): Promise<HeldLab> {
  const line = file === IN_MEMORY ? null : await enterDoorway(file);
  if (line) {
    const close = (): Promise<void> => {
      line.close();
      return line.closed;
    };
    return { api: line.api, file, elsewhere: true, lost: line.closed, close };
  }
  const lab = await openLab(file, how);
  const { readOnly } = await lab.request('lab.status', {});
  const leave = readOnly || file === IN_MEMORY ? () => undefined : await openDoorway(lab, file);
  return {
    api: lab,
    file,
    elsewhere: false,
    lost: new Promise(() => undefined),
    async close(how = 'save') {
      leave();
      await lab.close(how);
    },
  };
}
