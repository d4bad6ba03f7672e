import { existsSync } from 'node:fs';
import { LabError } from '../base/errors.ts';
import type { LabApi } from '../lab/api.ts';
import { enterDoorway, openDoorway } from '../lab/doorway.ts';
import { IN_MEMORY, labFile, openLab } from '../lab/open.ts';
import type { Values } from './command.ts';
import { textOf } from './values.ts';

/** Options of every command that uses a lab. */
export const labOptions = { lab: { type: 'string' }, json: { type: 'boolean' } } as const;

export const labUsage = `  --lab FILE        the lab file; default KTG_LAB, else the one in your data folder
  --json            for programs: JSON instead of text`;

type Need = 'look' | 'change' | 'make' | 'work';
const ways = { look: 'to-look', change: 'at-rest', make: 'at-rest', work: 'to-work' } as const;
const needsFile: readonly Need[] = ['look', 'change'];

/** A lab in use by a command. */
export interface LabAccess {
  readonly api: LabApi;
  readonly file: string;
  /** It runs in another program (the app, a search in another terminal), which this command only talks to. */
  readonly elsewhere: boolean;
  close(how?: 'save' | 'at-once'): Promise<void>;
}

/**
 * The lab that `--lab` names: the one that holds the file already, in whatever program, or else the file opened here.
 *
 * @param need `look` reads only; `change` may change records and trains nothing, `make` also makes the file; `work` trains
 * @throws LabError `lab.no-file` when there is nothing to look at, `lab.held-elsewhere` when the holder cannot be talked to
 */
export async function useLab(values: Values, need: Need): Promise<LabAccess> {
  const file = labFile(textOf(values, 'lab'));
  const line = file === IN_MEMORY ? null : await enterDoorway(file);
  if (line)
    return {
      api: line.api,
      file,
      elsewhere: true,
      close: async () => {
        line.close();
        await line.closed;
      },
    };
  if (needsFile.includes(need) && !existsSync(file))
    throw new LabError('lab.no-file', `There is no lab file ${file} yet.`, 'Make one with: ktg search');
  const lab = await openLab(file, ways[need]);
  const { heldBy } = await lab.request('lab.status', {});
  if (heldBy && need !== 'look') {
    await lab.close('at-once');
    throw new LabError(
      'lab.held-elsewhere',
      `${file} is held by process ${heldBy.pid} on ${heldBy.host} since ${new Date(heldBy.since).toLocaleString()}.`,
      'Use it there, or end that program first.',
    );
  }
  const leave = need === 'look' || file === IN_MEMORY ? () => undefined : await openDoorway(lab, file);
  return {
    api: lab,
    file,
    elsewhere: false,
    close: async (how = 'save') => {
      leave();
      await lab.close(how);
    },
  };
}

/** Uses a lab and leaves it, whatever happens. */
export async function withLab<T>(
  values: Values,
  need: Need,
  work: (lab: LabAccess) => Promise<T>,
): Promise<T> {
  const lab = await useLab(values, need);
  try {
    return await work(lab);
  } finally {
    await lab.close();
  }
}
