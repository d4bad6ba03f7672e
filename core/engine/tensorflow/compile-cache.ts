import { createHash } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LabError, messageOf } from '../../base/errors.ts';
import { makeFolder } from '../../base/folder.js';
import { type Computation, computationWords } from '../../study/computation.ts';
import { isAlive } from '../../base/lock.js';
import { addonVersion } from '../../install/addon.ts';
import { engineHome } from '../../install/engine-home.ts';
import { tensorflowVersion } from '../../install/release.ts';

/**
 * Returns the folder of compiled programs and measured kernels, shared by all runs and workers of
 * the user with equal compilation. TensorFlow names a program only by its computation and kind of
 * device: float32 and TF32 share a name, and so do two different cards. So the folder's name
 * contains everything else that a program depends on. KTG_COMPILED replaces the parent of these
 * folders.
 *
 * @param surroundings device, driver, libraries and variables of the compilation, as JSON values
 * @throws LabError `engine.cache-not-writable`
 */
export function compileCache(
  computation: Computation,
  surroundings: unknown,
  home: string = engineHome(),
): string {
  const place =
    process.env.KTG_COMPILED ??
    join(home, 'compiled', `tensorflow-${tensorflowVersion}-addon-${addonVersion()}`);
  const words = computationWords(computation).replaceAll(', ', '-');
  const digest = createHash('sha256')
    .update(JSON.stringify([computation, surroundings]))
    .digest('hex');
  const folder = join(place, `${words}-${digest.slice(0, 16)}`);
  try {
    makeFolder(folder);
  } catch (error) {
    throw new LabError(
      'engine.cache-not-writable',
      `The folder of compiled programs cannot be made: ${messageOf(error)}.`,
      'Point KTG_COMPILED to a folder that can be written.',
      { cause: error },
    );
  }
  return folder;
}

/** Files that XLA writes: programs, and the fastest kernels. */
const kept = /^xla_compile_cache__.*\.pb$|\.textproto$/;

/** Folder for entries that a process moved out of use; its name contains the process id. */
const asideName = /^aside-(\d+)$/;

/**
 * Runs `work` again after a failure, with all entries that XLA kept in a folder moved away: XLA
 * never recovers from a damaged file and does not name it. If `work` succeeds now, the entries were
 * the cause and are removed; if it throws, they return.
 */
export function withoutPrograms(folder: string, work: () => void): void {
  const aside = join(folder, `aside-${process.pid}`);
  try {
    makeFolder(aside);
    for (const name of readdirSync(folder).filter((each) => kept.test(each)))
      whereThere(() => renameSync(join(folder, name), join(aside, name)));
    work();
  } catch (error) {
    putBack(folder, aside);
    throw error;
  }
  rmSync(aside, { recursive: true, force: true });
}

/** Restores entries that killed processes had moved away before they knew the cause. */
export function putBackLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = Number(asideName.exec(name)?.[1]);
    if (pid === process.pid || (pid > 0 && !isAlive(pid))) putBack(folder, join(folder, name));
  }
}

/** Restores entries; newer entries with the same name stay. */
function putBack(folder: string, aside: string): void {
  for (const name of whereThere(() => readdirSync(aside)) ?? [])
    if (!existsSync(join(folder, name)))
      whereThere(() => renameSync(join(aside, name), join(folder, name)));
  rmSync(aside, { recursive: true, force: true });
}

/** Another worker of the folder may do the same at once: a missing file is no error. */
function whereThere<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}
