import { existsSync } from 'node:fs';
import { LabError } from '../base/errors.ts';
import type { RequestInput, RequestName, RequestOutput } from '../lab/api.ts';
import { type AttachedLab, attachLab } from '../host/attach.ts';
import { labFile } from '../host/open.ts';
import type { Values } from './command.ts';
import { requireFile, rescued } from './lost-file.ts';
import { textOf } from './values.ts';
import type { Options } from './command.ts';

/** Options of every command that uses a lab. */
export const labOptions = {
  lab: {
    type: 'string',
    value: 'FILE',
    help: 'the lab file; default KTG_LAB, else the one in your data folder',
  },
} as const satisfies Options;

/** A lab in use by a command, in this or another process. */
export interface UsedLab extends AttachedLab {
  /** Takes the lab over, here or elsewhere, after its holder's process ended. */
  takeOver(): Promise<void>;
}

/** Milliseconds that a closing program needs to save its workers' data after it stops to listen. */
const CLOSING = 90_000;

type Need = 'look' | 'change' | 'make' | 'work';
const ways = { look: 'to-look', change: 'at-rest', make: 'at-rest', work: 'to-work' } as const;
const needsFile: readonly Need[] = ['look', 'change'];

/**
 * Returns the lab file of `--lab`, else the default one.
 * @throws LabError `arguments.no-file` for ''
 */
export function labNamed(values: Values): string {
  const named = textOf(values, 'lab');
  if (named === '') throw new LabError('arguments.no-file/lab');
  return labFile(named);
}

/**
 * Returns the same for an existing lab.
 *
 * @throws LabError `lab.no-file` when there is no file and no program holds one there
 */
export function labToRead(values: Values): string {
  const file = labNamed(values);
  if (!existsSync(file) && !existsSync(`${file}.sock`)) throw new LabError('lab.no-file', { file });
  return file;
}

/**
 * Opens the lab of `--lab`: attaches to its present holder, or opens the file here.
 *
 * @param need `look` reads only; `change` changes records but trains nothing, `make` also creates
 * the file; `work` trains
 * @throws LabError `lab.no-file` when a lab to read is missing, `lab.held-elsewhere` when the
 * holder does not answer
 */
export async function useLab(values: Values, need: Need): Promise<UsedLab> {
  const file = needsFile.includes(need) ? labToRead(values) : labNamed(values);
  let held = await open(file, need);
  return {
    file,
    get api() {
      return held.api;
    },
    get elsewhere() {
      return held.elsewhere;
    },
    get lost() {
      return held.lost;
    },
    async takeOver() {
      held = await open(file, need, CLOSING);
    },
    close: async (how) => held.close(how),
  };
}

async function open(file: string, need: Need, timeout?: number): Promise<AttachedLab> {
  const lab = await attachLab(file, ways[need], timeout);
  if (lab.elsewhere || need === 'look') return lab;
  const { heldBy } = await lab.api.request('lab.status', {});
  if (!heldBy) return lab;
  await lab.close('at-once');
  throw new LabError('lab.held-elsewhere', {
    file,
    pid: heldBy.pid,
    host: heldBy.host,
    since: new Date(heldBy.since).toLocaleString(),
  });
}

/** True for an error that a request to an ended program throws. */
export const isUnreachable = (error: unknown): boolean =>
  error instanceof LabError && error.code === 'lab.unreachable';

/** Sends a read-only request; when the holder has just ended, sends it to the next holder. */
export async function ask<Name extends RequestName>(
  lab: UsedLab,
  name: Name,
  input: RequestInput<Name>,
): Promise<RequestOutput<Name>> {
  for (;;) {
    try {
      return await lab.api.request(name, input);
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      await lab.takeOver();
    }
  }
}

/**
 * Runs `work` with a lab and always leaves the lab afterwards.
 *
 * @throws LabError `store.moved`, `store.deleted` when its file disappeared meanwhile
 */
export async function withLab<T>(
  values: Values,
  need: Need,
  work: (lab: UsedLab) => Promise<T>,
): Promise<T> {
  const lab = await useLab(values, need);
  try {
    const result = await work(lab);
    if (!lab.elsewhere && need !== 'look') await requireFile(lab);
    return result;
  } catch (error) {
    throw await rescued(error, lab);
  } finally {
    await lab.close();
  }
}
