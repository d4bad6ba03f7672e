import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import type { Step } from '../base/actions.ts';
import { LabError, messageOf } from '../base/errors.ts';
import { addonVersion } from './addon.ts';
import { engineFolder, engineHome, libraryFolder, variantPrefix } from './engine-home.ts';
import { megabytes } from './progress.ts';
import { type Release, releaseFor, type Variant } from './release.ts';
import { sha256Of } from './wheel.ts';

const manifestSchema = v.object({
  format: v.literal('ktg-engine'),
  version: v.literal(1),
  variant: v.picklist(['cpu', 'gpu']),
  platform: v.string(),
  tensorflow: v.string(),
  /** Version of @tensorflow/tfjs-node-gpu that the addon was built from. */
  addon: v.string(),
  files: v.array(v.object({ name: v.string(), bytes: v.number(), sha256: v.string() })),
});
export type Manifest = v.InferOutput<typeof manifestSchema>;

type LibraryState = 'ready' | 'missing' | 'damaged' | 'other-version' | 'unsupported';

export interface LibraryStatus {
  variant: Variant;
  state: LibraryState;
  /** Folder of the library, installed or not; '' when this platform has none. */
  folder: string;
  /** Bytes on disk according to the manifest; 0 when not installed. */
  bytes: number;
  /** One sentence about what was found. */
  found: string;
  /** The next steps; empty when ready. */
  steps: readonly Step[];
}

/**
 * Returns the state of the installed library by names and sizes only: it takes a millisecond, fast
 * enough before every run. `verifyLibrary` also reads the contents.
 */
export function libraryStatus(
  variant: Variant = 'cpu',
  home: string = engineHome(),
): LibraryStatus {
  try {
    return statusOf(releaseFor(variant), home);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return {
      variant,
      state: 'unsupported',
      folder: '',
      bytes: 0,
      found: error.message,
      steps: error.steps ?? [],
    };
  }
}

/**
 * Like `libraryStatus`, and compares every file with the SHA-256 in the manifest (about a second).
 */
export async function verifyLibrary(
  variant: Variant = 'cpu',
  home: string = engineHome(),
): Promise<LibraryStatus> {
  const status = libraryStatus(variant, home);
  if (status.state !== 'ready') return status;
  for (const file of readManifest(status.folder).files) {
    if ((await sha256Of(join(status.folder, file.name))) !== file.sha256)
      return damagedStatus(status, `${file.name} differs from what was installed`);
  }
  return status;
}

/** `libraryStatus` for one release. */
export function statusOf(release: Release, home: string): LibraryStatus {
  const folder = libraryFolder(home, release);
  const { variant, version } = release;
  const status = { variant, folder, bytes: 0, found: '', steps: [install(variant)] };
  if (!isFolder(folder)) {
    const others = otherVersions(release, home);
    return others.length > 0
      ? {
          ...status,
          state: 'other-version',
          found:
            `TensorFlow ${others.join(', ')} is installed; this version of KTG Lab needs ` +
            `${version}-addon-${addonVersion()}.`,
        }
      : {
          ...status,
          state: 'missing',
          found: `TensorFlow ${version} (${variant}) is not installed.`,
        };
  }
  let manifest: Manifest;
  try {
    manifest = readManifest(folder);
  } catch (error) {
    return damagedStatus(status, `its manifest.json cannot be read (${messageOf(error)})`);
  }
  for (const { name, bytes } of manifest.files) {
    const found = statSync(join(folder, name), { throwIfNoEntry: false })?.size;
    if (found === undefined) return damagedStatus(status, `${name} is missing`);
    if (found !== bytes)
      return damagedStatus(
        status,
        `${name} has ${String(found)} bytes instead of ${String(bytes)}`,
      );
  }
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  return {
    variant,
    state: 'ready',
    folder,
    bytes,
    found: `TensorFlow ${version} (${variant}) is installed, ${megabytes(bytes)}.`,
    steps: [],
  };
}

const install = (variant: Variant): Step => ({
  do: 'install-engine',
  ...(variant === 'gpu' && { variant }),
});

const readManifest = (folder: string): Manifest =>
  v.parse(manifestSchema, JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')));

const damagedStatus = (status: Omit<LibraryStatus, 'state'>, found: string): LibraryStatus => ({
  variant: status.variant,
  state: 'damaged',
  folder: status.folder,
  bytes: 0,
  found: `The TensorFlow library in ${status.folder} is damaged: ${found}.`,
  steps: ['An install replaces the damaged library.', install(status.variant)],
});

/**
 * Returns the folders of the release's variant and platform in the cache, whatever their version
 * and state.
 */
export function foldersOf(release: Release, home: string): string[] {
  const parent = engineFolder(home);
  if (!isFolder(parent)) return [];
  const start = variantPrefix(release);
  return readdirSync(parent).filter(
    (name) => name.startsWith(start) && isFolder(join(parent, name)),
  );
}

/** Returns other installed versions, such as `2.20.0-addon-4.22.0-2`. */
const otherVersions = (release: Release, home: string): string[] =>
  foldersOf(release, home)
    .map((name) => name.slice(variantPrefix(release).length))
    .filter((version) => /^[\d.]+-addon-[\d.]+-\d+$/.test(version));

const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
