import { access, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LabError } from '../base/errors.ts';
import { makeFolder } from '../base/folder.js';
import type { OfficialArchive } from '../data/archives.ts';
import { deliveredManifest } from '../data/delivered.ts';
import { keepDelivered } from '../data/delivery.ts';
import { downloadArchive } from '../data/download.ts';
import { placeOf } from '../data/official.ts';
import { officialOf, officialSources } from '../data/sets/sets.ts';
import type { Blobs } from './blobs.ts';
import { filePart } from './file-part.ts';

/**
 * A part of an official file that the lab has in its data folder.
 *
 * @throws LabError `agents.weights-gone` for a file that it does not have
 */
export async function archivePart(
  home: string,
  sha256: string,
  offset: number,
): Promise<Uint8Array> {
  const path = officialSources
    .flatMap((source) => {
      const at = source.files.findIndex((archive) => archive.sha256 === sha256);
      return at < 0 ? [] : placeOf(source, home).files[at]!;
    })
    .at(0);
  if (path === undefined) throw new LabError('agents.weights-gone', { sha256 });
  return filePart(path, sha256, offset);
}

/** The lab does not have the file, or another one of its name. */
const OTHER_FILE: readonly string[] = ['workers.transfer-broken', 'workers.weights-damaged'];

export interface FetchOptions {
  /** The data folder. */
  home: string;
  blobs: Blobs;
  /** Bytes of a file that the lab has. */
  pull: (file: { sha256: string; bytes: number }) => AsyncIterable<Uint8Array>;
  signal: AbortSignal;
}

/**
 * Gets a data set that this machine does not have.
 *
 * @throws LabError those of `fetchOfficial` and `keepDelivered`
 */
export async function fetchData(name: string, options: FetchOptions): Promise<void> {
  const { home, blobs, pull } = options;
  const manifest = deliveredManifest(name);
  if (!manifest) return fetchOfficial(name, options);
  const take = async (file: { sha256: string; bytes: number }): Promise<void> =>
    blobs.obtain(file.sha256, file.bytes, () => pull(file));
  await take(manifest);
  const bytes = await joined(blobs.read(manifest.sha256));
  await keepDelivered(name, home, bytes, async (images, path) => {
    await take(images);
    await blobs.copy(images.sha256, path).finally(() => {
      blobs.unpin(images.sha256);
    });
  }).finally(() => {
    blobs.unpin(manifest.sha256);
  });
}

async function joined(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

/**
 * Gets the missing files of an official set: from the lab, or from the set's own site where the lab
 * does not have them.
 *
 * @throws LabError those of `downloadArchive`, `agents.disk-full`
 */
async function fetchOfficial(name: string, options: FetchOptions): Promise<void> {
  const { home, signal } = options;
  const source = officialOf(name);
  if (!source) return;
  const { files } = placeOf(source, home);
  for (const [at, archive] of source.files.entries()) {
    const target = files[at]!;
    if (await isThere(target)) continue;
    const isTaken = await takeFromLab(archive, target, options);
    if (!isTaken) await downloadArchive(archive, { folder: home, signal });
  }
}

/** Returns false where the lab does not have the file. */
async function takeFromLab(
  archive: OfficialArchive,
  target: string,
  { blobs, pull }: FetchOptions,
): Promise<boolean> {
  const { sha256, bytes } = archive;
  try {
    await blobs.obtain(sha256, bytes, () => pull(archive));
  } catch (error) {
    if (error instanceof LabError && OTHER_FILE.includes(error.code)) return false;
    throw error;
  }
  makeFolder(dirname(target));
  const part = `${target}.${process.pid}.lab`;
  await blobs.copy(sha256, part);
  await rename(part, target);
  blobs.unpin(sha256);
  return true;
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
