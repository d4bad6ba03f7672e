import { homedir } from 'node:os';
import { join } from 'node:path';
import { addonVersion } from './addon.ts';
import type { Release } from './release.ts';

type Environment = Record<string, string | undefined>;

/** The per-user cache, shared by all checkouts: KTG_HOME, else the platform's folder for caches. */
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

/** Folder that holds every variant and version of the library. */
export const engineFolder = (home: string): string => join(home, 'engine');

/** What the names of a variant's folders begin with. */
export const variantPrefix = ({ variant, platform }: Release): string =>
  `tensorflow-${variant}-${platform}-`;

/**
 * The name says everything that the content depends on, so checkouts of different versions share
 * the cache without undoing each other's work: `tensorflow-cpu-linux-x64-2.21.0-addon-4.22.0-2`.
 */
export const libraryName = (release: Release): string =>
  `${variantPrefix(release)}${release.version}-addon-${addonVersion()}`;

/** Where an installed library lies. It appears whole, by one rename, with its manifest inside. */
export const libraryFolder = (home: string, release: Release): string =>
  join(engineFolder(home), libraryName(release));

/** Work in progress of the one process that holds the lock; thrown away when that process died. */
export const stagingFolder = (home: string, release: Release): string =>
  `${libraryFolder(home, release)}.partial`;

/**
 * A wheel that was fetched but not yet unpacked; kept so that an interrupted install goes on from
 * here.
 */
export const downloadFolder = (home: string, release: Release): string =>
  `${libraryFolder(home, release)}.download`;

export const lockFile = (home: string, release: Release): string =>
  `${libraryFolder(home, release)}.lock`;
