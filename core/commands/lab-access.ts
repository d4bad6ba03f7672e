import { existsSync } from 'node:fs';
import { LabError } from '../base/errors.ts';
import type { RequestInput, RequestName, RequestOutput } from '../lab/api.ts';
import { type AttachedLab, attachLab } from '../host/attach.ts';
import { labFile } from '../host/open.ts';
import type { Values } from './command.ts';
import { requireFile, rescued } from './lost-file.ts';
import { textOf } from './values.ts';

/** Options of every command that uses a lab. */
export const labOptions = { lab: { type: 'string' }, json: { type: 'boolean' } } as const;

export const labUsage = `  --lab FILE        the lab file; default KTG_LAB, else the one in your data folder
  --json            for programs: JSON instead of text`;

/** A lab that a command works with, wherever it is held. */
export interface UsedLab extends AttachedLab {
  /** Holds the lab again, here or elsewhere, after the program has ended that held it. */
  takeOver(): Promise<void>;
}

/**
 * Milliseconds for which a program may still save what its workers hand over, after it has stopped
 * to listen.
 */
const CLOSING = 90_000;

type Need = 'look' | 'change' | 'make' | 'work';
const ways = { look: 'to-look', change: 'at-rest', make: 'at-rest', work: 'to-work' } as const;
const needsFile: readonly Need[] = ['look', 'change'];

/**
 * The lab file that `--lab` names, else the usual one. Throws LabError `arguments.no-file` for an
 * empty name.
 */
export function labNamed(values: Values): string {
  const named = textOf(values, 'lab');
  if (named === '') throw new LabError('arguments.no-file/lab');
  return labFile(named);
}

/**
 * The same. Throws LabError `lab.no-file` when there is none, and no program that had one there.
 */
export function labToRead(values: Values): string {
  const file = labNamed(values);
  if (!existsSync(file) && !existsSync(`${file}.sock`)) throw new LabError('lab.no-file', { file });
  return file;
}

/**
 * The lab that `--lab` names: the one that holds the file already, in whatever program, or else the
 * file opened here.
 *
 * @param need `look` reads only; `change` may change records and trains nothing, `make` also makes
 * the file; `work` trains
 * @throws LabError `lab.no-file` when there is nothing to look at, `lab.held-elsewhere` when the
 * holder cannot be talked to
 */
export async function useLab(values: Values, need: Need): Promise<UsedLab> {
  const file = needsFile.includes(need) ? labToRead(values) : labNamed(values);
  let held = await hold(file, need);
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
      held = await hold(file, need, CLOSING);
    },
    close: async (how) => held.close(how),
  };
}

async function hold(file: string, need: Need, patience?: number): Promise<AttachedLab> {
  const lab = await attachLab(file, ways[need], patience);
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

/** True for what a request to a program throws that has ended. */
export const isUnreachable = (error: unknown): boolean =>
  error instanceof LabError && error.code === 'lab.unreachable';

/**
 * Asks a lab something that changes nothing; when the program has just ended that held it, whoever
 * holds it next.
 */
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
 * Uses a lab and leaves it, whatever happens. Throws LabError `store.moved`, `store.deleted` when
 * its file has gone meanwhile: what was done then is not where it should be.
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
