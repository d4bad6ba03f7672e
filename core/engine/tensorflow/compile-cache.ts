import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LabError, messageOf } from '../../base/errors.ts';
import { makeFolder } from '../../data/folder.js';
import { addonVersion } from './addon.ts';
import { engineHome } from './cache.ts';
import { tensorflowVersion } from './release.ts';

/**
 * Folder of compiled programs and measured kernels, shared by all runs and workers of the user. Its name holds the
 * versions that a program depends on; XLA adds the device and the program itself to the names inside. KTG_COMPILED
 * names another folder. Throws `engine.cache-not-writable`.
 */
export function compileCache(home: string = engineHome()): string {
  const folder =
    process.env.KTG_COMPILED ??
    join(home, 'compiled', `tensorflow-${tensorflowVersion}-addon-${addonVersion()}`);
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

/** What XLA writes into the folder: programs, and which kernels were the fastest. The folder may be the user's own. */
const kept = /^xla_compile_cache__.*\.pb$|\.textproto$/;

/** Throws away what XLA has kept in a folder: it never gets over a damaged file by itself. Returns how many files that were. */
export function forgetPrograms(folder: string): number {
  const found = readdirSync(folder).filter((name) => kept.test(name));
  for (const name of found) rmSync(join(folder, name), { force: true });
  return found.length;
}
