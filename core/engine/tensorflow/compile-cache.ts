import { createHash } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LabError, messageOf } from '../../base/errors.ts';
import { makeFolder } from '../../data/folder.js';
import { type Computation, computationWords } from '../../study/computation.ts';
import { addonVersion } from './addon.ts';
import { engineHome } from './cache.ts';
import { tensorflowVersion } from './release.ts';

/**
 * Folder of compiled programs and measured kernels, shared by all runs and workers of the user that compile alike.
 * TensorFlow names a program by what it computes and by the kind of device alone: on a card float32 and TF32 are one name,
 * and so are two cards. Everything else that a program depends on is therefore in the folder's name. KTG_COMPILED is where
 * these folders lie instead of the usual place. Throws `engine.cache-not-writable`.
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
      'engine.cache-not-writable',
      `The folder of compiled programs cannot be made: ${messageOf(error)}.`,
      'Point KTG_COMPILED to a folder that can be written.',
      { cause: error },
    );
  }
  return folder;
}

/** What XLA writes into the folder: programs, and which kernels were the fastest. */
const kept = /^xla_compile_cache__.*\.pb$|\.textproto$/;

/** Throws away what XLA has kept in a folder: it never gets over a damaged file by itself, and does not say which it was. */
export function forgetPrograms(folder: string): void {
  for (const name of readdirSync(folder).filter((each) => kept.test(each)))
    rmSync(join(folder, name), { force: true });
}
