import { homedir } from 'node:os';
import { join } from 'node:path';
import { addonVersion } from './addon.ts';
import type { Release } from './release.ts';

type Environment = Record<string, string | undefined>;

/**
 * Returns the per-user cache, shared by all checkouts: KTG_HOME, else the platform's folder for
 * caches.
 */
export function engineHome(
  environment: Environment = process.env,
  platform = process.platform,
): string {
  if (environment.KTG_HOME) return environment.KTG_HOME;
  if (platform === 'win32')
    return join(environment.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'ktg-lab');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'ktg-lab');
  return join(environment.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'ktg-lab');
}

/** Folder of all variants and versions of the library. */
export const engineFolder = (home: string): string => join(home, 'engine');

/** First part of the names of a variant's folders. */
export const variantPrefix = ({ variant, platform }: Release): string =>
  `tensorflow-${variant}-${platform}-`;

/**
 * The name contains everything that the content depends on, so checkouts of different versions can
 * share the cache: `tensorflow-cpu-linux-x64-2.21.0-addon-4.22.0-2`.
 */
const libraryName = (release: Release): string =>
  `${variantPrefix(release)}${release.version}-addon-${addonVersion()}`;

/** Folder of an installed library. One rename creates it complete, with its manifest inside. */
export const libraryFolder = (home: string, release: Release): string =>
  join(engineFolder(home), libraryName(release));

/** Unfinished work of the process that holds the lock; removed when that process died. */
export const stagingFolder = (home: string, release: Release): string =>
  `${libraryFolder(home, release)}.partial`;

/** Folder of a downloaded wheel before unpacking, so that an interrupted install can continue. */
export const downloadFolder = (home: string, release: Release): string =>
  `${libraryFolder(home, release)}.download`;

export const lockFile = (home: string, release: Release): string =>
  `${libraryFolder(home, release)}.lock`;
