import { existsSync } from 'node:fs';
import { mkdir, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { LabError, messageOf } from '../base/errors.ts';
import { withLock } from '../base/lock.js';
import { addonVersion, buildAddon, checkAddon, findCompiler } from './addon.ts';
import {
  downloadFolder,
  engineFolder,
  engineHome,
  libraryFolder,
  lockFile,
  stagingFolder,
} from './engine-home.ts';
import { cudaFolder } from './cuda-libraries.ts';
import { cudaWheels } from './cuda-packages.ts';
import { cudaBytes, installCuda } from './cuda-wheels.ts';
import { downloadedWheel, downloadWheel } from './download.ts';
import { foldersOf, type LibraryStatus, type Manifest, statusOf } from './library-status.ts';
import { megabytes, type OnProgress } from './progress.ts';
import { type Release, releaseFor, type Variant } from './release.ts';
import {
  type FileRecord,
  includeFolder,
  requirePublished,
  sha256Of,
  unpackWheel,
} from './wheel.ts';

/** Bytes that an install leaves free, for the addon and other programs. */
const reservedBytes = 64e6;

export interface InstallOptions {
  variant?: Variant;
  /**
   * CUDA of the gpu variant: `own` (default) installs CUDA's libraries, also into an existing
   * install without them; `system` uses those of the loader.
   */
  cuda?: 'own' | 'system' | undefined;
  /** A wheel on disk instead of a download; default: the variable KTG_TENSORFLOW_WHEEL. */
  wheel?: string | undefined;
  home?: string;
  onProgress?: OnProgress | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Installs the library into the user's cache, unless it is already there. An interruption is safe
 * at any point (a finished download is reused, everything else restarts), and so are several
 * checkouts at once.
 *
 * @returns the status, always `ready`
 * @throws LabError `engine.*`, each with a next step; a previous library stays unchanged
 */
export async function installLibrary(options: InstallOptions = {}): Promise<LibraryStatus> {
  return installRelease(releaseFor(options.variant ?? 'cpu'), options);
}

/** `installLibrary` for one release. */
export async function installRelease(
  release: Release,
  options: InstallOptions = {},
): Promise<LibraryStatus> {
  const {
    home = engineHome(),
    wheel = process.env.KTG_TENSORFLOW_WHEEL,
    onProgress,
    signal,
  } = options;
  const onWait = (by: number) => onProgress?.({ phase: 'wait', by });
  const ownCuda = release.variant === 'gpu' && options.cuda !== 'system';
  const suffices = ({ state, folder }: LibraryStatus): boolean =>
    state === 'ready' && (!ownCuda || existsSync(join(folder, cudaFolder)));
  const present = statusOf(release, home);
  if (suffices(present)) return present;
  try {
    return await withLock(
      lockFile(home, release),
      async () => {
        const meanwhile = statusOf(release, home); // may be ready after the wait
        if (suffices(meanwhile)) return meanwhile;
        await installLocked(release, home, wheel ? resolve(wheel) : undefined, options);
        return statusOf(release, home);
      },
      { onWait, signal },
    );
  } catch (error) {
    if (signal?.aborted) throw new LabError('engine.interrupted');
    throw diskError(error, home);
  }
}

async function installLocked(
  release: Release,
  home: string,
  wheel: string | undefined,
  options: Pick<InstallOptions, 'cuda' | 'onProgress' | 'signal'>,
): Promise<void> {
  const { onProgress, signal } = options;
  const staging = stagingFolder(home, release);
  const downloads = downloadFolder(home, release);
  await rm(staging, { recursive: true, force: true }); // left by a killed install
  const compiler = findCompiler(); // fails before a download of 274 MB
  if (wheel) await checkWheel(wheel, release, signal);
  const onDisk = wheel ?? (await downloadedWheel(downloads, release, signal));
  const { bavail, bsize } = await statfs(engineFolder(home));
  const cuda = release.variant === 'gpu' && options.cuda !== 'system';
  const needed = release.unpackedBytes + (cuda ? cudaBytes.unpacked + cudaBytes.download : 0);
  checkSpace(bavail * bsize, needed + (onDisk ? 0 : release.wheelBytes), home);
  const file = onDisk ?? (await downloadWheel(release, downloads, { onProgress, signal }));
  try {
    await mkdir(staging);
    const files = await unpackWheel(file, release, staging, { onProgress, signal }).catch(
      async (error: unknown) => {
        // A possibly faulty download is never reused.
        if (!wheel) await rm(downloads, { recursive: true, force: true });
        throw error;
      },
    );
    if (cuda) {
      const own = join(downloads, cudaFolder);
      files.push(...(await installCuda(cudaWheels, own, staging, { onProgress, signal })));
    }
    const include = join(staging, includeFolder);
    onProgress?.({ phase: 'build' });
    const addons = await buildAddon(compiler, staging, release.libraries, include, signal);
    await rm(include, { recursive: true });
    onProgress?.({ phase: 'check' });
    await checkAddon(staging, signal);
    await writeManifest(release, staging, [...files, ...(await recordsOf(staging, addons))]);
    await replaceFolder(staging, libraryFolder(home, release));
    await rm(downloads, { recursive: true, force: true });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

const recordsOf = (folder: string, names: string[]): Promise<FileRecord[]> =>
  Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      return { name, bytes: (await stat(path)).size, sha256: await sha256Of(path) };
    }),
  );

/** Written last, so a folder with a manifest is complete. */
async function writeManifest(release: Release, folder: string, files: FileRecord[]): Promise<void> {
  const manifest: Manifest = {
    format: 'ktg-engine',
    version: 1,
    variant: release.variant,
    platform: release.platform,
    tensorflow: release.version,
    addon: addonVersion(),
    files,
  };
  await writeFile(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Replaces `target` by `folder`. A process that uses the old library keeps its open files. */
async function replaceFolder(folder: string, target: string): Promise<void> {
  const old = `${target}.old`;
  await rm(old, { recursive: true, force: true });
  await rename(target, old).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  });
  await rename(folder, target);
  await rm(old, { recursive: true, force: true });
}

/**
 * Removes every version of a variant of this platform, with unfinished installs and downloads.
 * @returns the names of the removed folders
 */
export async function removeLibrary(
  variant: Variant = 'cpu',
  home: string = engineHome(),
): Promise<string[]> {
  return removeRelease(releaseFor(variant), home);
}

/** `removeLibrary` for the variant and platform of one release. */
export async function removeRelease(release: Release, home: string): Promise<string[]> {
  return withLock(lockFile(home, release), async () => {
    const names = foldersOf(release, home);
    for (const name of names) {
      // renamed first, so that an interrupted removal never looks like a damaged library
      const folder = join(engineFolder(home), name);
      const staging = stagingFolder(home, release);
      await rm(staging, { recursive: true, force: true });
      if (folder === staging) continue;
      await rename(folder, staging);
      await rm(staging, { recursive: true, force: true });
    }
    return names;
  }).catch((error: unknown) => {
    throw diskError(error, home);
  });
}

/** @throws LabError `engine.no-space` when `free` is below `needed` plus the reserve (bytes) */
export function checkSpace(free: number, needed: number, home: string): void {
  if (free >= needed + reservedBytes) return;
  throw new LabError('engine.no-space/needed', {
    needed: megabytes(needed + reservedBytes),
    home,
    free: megabytes(free),
  });
}

/** @throws LabError `engine.no-wheel`, `engine.wheel-damaged` */
async function checkWheel(
  wheel: string,
  release: Release,
  signal: AbortSignal | undefined,
): Promise<void> {
  const found = await stat(wheel).catch(() => undefined);
  if (!found?.isFile()) throw new LabError('engine.no-wheel/file', { wheel });
  await requirePublished(wheel, release, signal);
}

/**
 * Converts errors of a full or read-only disk to LabErrors with a next step; returns others
 * unchanged.
 */
function diskError(error: unknown, home: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new LabError(
      'engine.no-space/full',
      { home },
      {
        cause: error,
      },
    );
  if (
    code === 'EACCES' ||
    code === 'EROFS' ||
    code === 'EPERM' ||
    code === 'ENOTDIR' ||
    code === 'EEXIST'
  )
    return new LabError(
      'engine.cache-not-writable/library',
      { home, reason: messageOf(error) },
      { cause: error },
    );
  return error;
}
