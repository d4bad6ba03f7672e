import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { addonVersion } from './addon.ts';
import { engineHome } from './cache.ts';
import { tensorflowVersion } from './release.ts';

/**
 * Folder of compiled programs and measured kernels, shared by all runs and workers of the user. Its name holds the
 * versions that a program depends on; XLA adds the device and the program itself to the names inside. KTG_COMPILED
 * names another folder.
 */
export function compileCache(home: string = engineHome()): string {
  const folder =
    process.env.KTG_COMPILED ??
    join(home, 'compiled', `tensorflow-${tensorflowVersion}-addon-${addonVersion()}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}
