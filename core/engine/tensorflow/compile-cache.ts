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
 * Folder of compiled programs and measured kernels, shared by all runs and workers of the user that
 * compile alike. TensorFlow names a program by what it computes and by the kind of device alone: on
 * a card float32 and TF32 are one name, and so are two cards. Everything else that a program
 * depends on is therefore in the folder's name. KTG_COMPILED is where these folders lie instead of
 * the usual place. Throws `engine.cache-not-writable`.
 *
 * @param surroundings device, driver, libraries and deciding variables: anything that JSON can say
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
      'engine.cache-not-writable/programs',
      { reason: messageOf(error) },
      { cause: error },
    );
  }
  return folder;
}

/** What XLA writes into the folder: programs, and which kernels were the fastest. */
const kept = /^xla_compile_cache__.*\.pb$|\.textproto$/;

/** Beside the entries, one of each process that has set them aside: its number is in the name. */
const asideName = /^aside-(\d+)$/;

/**
 * Does `work` once more after it has failed, with all that XLA has kept in a folder set aside: it
 * never gets over a damaged file by itself, and does not say which it was. When `work` succeeds
 * now, they were at fault and are removed; when it throws, they are put back.
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

/**
 * Puts back what processes had set aside in a folder that were killed before they knew what was at
 * fault.
 */
export function putBackLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = Number(asideName.exec(name)?.[1]);
    if (pid === process.pid || (pid > 0 && !isAlive(pid))) putBack(folder, join(folder, name));
  }
}

/** Entries that have been made anew meanwhile stay as they are. */
function putBack(folder: string, aside: string): void {
  for (const name of whereThere(() => readdirSync(aside)) ?? [])
    if (!existsSync(join(folder, name)))
      whereThere(() => renameSync(join(aside, name), join(folder, name)));
  rmSync(aside, { recursive: true, force: true });
}

/**
 * Other workers of the folder may do the same at the same time: nothing happens where a file is
 * gone already.
 */
function whereThere<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}
