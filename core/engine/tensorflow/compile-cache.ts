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
 * @param dependencies device, driver, libraries and variables of the compilation, as JSON values
 * @throws LabError `engine.cache-not-writable`
 */
export function compileCache(
  computation: Computation,
  dependencies: unknown,
  home: string = engineHome(),
): string {
  const parent =
    process.env.KTG_COMPILED ??
    join(home, 'compiled', `tensorflow-${tensorflowVersion}-addon-${addonVersion()}`);
  const label = computationWords(computation).replaceAll(', ', '-');
  const digest = createHash('sha256')
    .update(JSON.stringify([computation, dependencies]))
    .digest('hex');
  const folder = join(parent, `${label}-${digest.slice(0, 16)}`);
  try {
    makeFolder(folder);
  } catch (error) {
    throw new LabError(
      'engine.cache-not-writable/programs',
      { reason: messageOf(error) },
      { cause: error },
    );
  }
  return folder;
}

/** Files that XLA writes: programs, and the fastest kernels. */
const cacheEntry = /^xla_compile_cache__.*\.pb$|\.textproto$/;

/** Folder for entries that a process moved out of use; its name contains the process id. */
const quarantineName = /^aside-(\d+)$/;

/**
 * Runs `work` again after a failure, with all entries that XLA kept in a folder moved away: XLA
 * never recovers from a damaged file and does not name it. If `work` succeeds now, the entries were
 * the cause and are removed; if it throws, they return.
 */
export function retryWithoutPrograms(folder: string, work: () => void): void {
  const quarantine = join(folder, `aside-${process.pid}`);
  try {
    makeFolder(quarantine);
    for (const name of readdirSync(folder).filter((each) => cacheEntry.test(each)))
      ignoreMissing(() => renameSync(join(folder, name), join(quarantine, name)));
    work();
  } catch (error) {
    restore(folder, quarantine);
    throw error;
  }
  rmSync(quarantine, { recursive: true, force: true });
}

/** Restores entries that killed processes had moved away before they knew the cause. */
export function restoreAbandoned(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = Number(quarantineName.exec(name)?.[1]);
    if (pid === process.pid || (pid > 0 && !isAlive(pid))) restore(folder, join(folder, name));
  }
}

/** Restores entries; newer entries with the same name stay. */
function restore(folder: string, quarantine: string): void {
  for (const name of ignoreMissing(() => readdirSync(quarantine)) ?? [])
    if (!existsSync(join(folder, name)))
      ignoreMissing(() => renameSync(join(quarantine, name), join(folder, name)));
  rmSync(quarantine, { recursive: true, force: true });
}

/** Another worker of the folder may do the same at once: a missing file is no error. */
function ignoreMissing<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}
