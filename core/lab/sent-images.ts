import { existsSync, mkdirSync } from 'node:fs';
import { copyFile, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { extract, list, type ReadEntry } from 'tar';
import { LabError, messageOf } from '../base/errors.ts';
import { differenceOf } from '../data/checksum.ts';
import { placeOf } from '../data/official.ts';
import { officialSources } from '../data/sets/sets.ts';
import type { OfficialSource } from '../data/source.ts';
import { isImageName } from '../data/images/layout.ts';
import { looksLikeImages } from '../data/images/open.ts';
import { parseImages } from '../data/images/spec.ts';
import { makeFolder } from '../base/folder.js';

/** Bytes of a name in the data folder; systems allow 255. */
const MAX_NAME = 200;

/** The folder or archive that a specification names. */
export const placeOfSpec = (spec: string): string => parseImages(spec)?.path ?? spec;

/**
 * Where the images lie that a person has named or sent; null for files of another kind. What was
 * sent is kept in the data folder, a folder (which comes as a tar archive) unpacked.
 *
 * @param name of what was sent; null for a path of this machine
 */
export async function imagesAt(
  path: string,
  name: string | null,
  home: string,
): Promise<string | null> {
  if (name === null) return (await looksLikeImages(path)) ? resolve(path) : null;
  const isZip = /\.zip$/i.test(name);
  if (!isZip && !(await isTarOfImages(path))) return null;
  makeFolder(home);
  const kept = freePlace(home, name, isZip);
  if (isZip) await copyFile(path, kept);
  else await unpack(path, kept);
  return kept;
}

/**
 * Keeps an official archive of images under its own name, when this is one by size and checksums.
 *
 * @returns its set; null for any other file
 */
export async function keptOfficial(
  path: string,
  home: string,
  sets: readonly OfficialSource[] = officialSources,
): Promise<OfficialSource | null> {
  const { size } = await stat(path);
  for (const source of sets) {
    const [archive] = source.files;
    if (source.format !== null || !archive || size !== archive.bytes) continue;
    if ((await differenceOf(path, archive, {})) !== null) continue;
    makeFolder(home);
    await copyFile(path, placeOf(source, home).path);
    return source;
  }
  return null;
}

/** Whether a file of this name in the data folder is taken for an official archive. */
const isOfficialName = (name: string): boolean =>
  officialSources.some(({ files }) => files.some(({ file }) => file === name));

async function isTarOfImages(path: string): Promise<boolean> {
  let found = false;
  try {
    await list({
      file: path,
      onReadEntry: (entry: ReadEntry) => {
        found ||= isImageName(entry.path);
      },
    });
  } catch {
    return false; // no tar archive: the reader of known sets says what it is
  }
  return found;
}

/** A path in the data folder where nothing is yet. */
function freePlace(home: string, name: string, isZip: boolean): string {
  const stem =
    shortened(
      name
        .replace(/(\.tar)?(\.gz|\.tgz|\.tar|\.zip)?$/i, '')
        .replace(/[\\/:*?"<>|\p{Cc}\p{Cs}]+/gu, '-')
        .replace(/^[.\s-]+|[.\s]+$/g, ''),
    ) || 'images';
  for (let n = 1; ; n++) {
    const plain = `${stem}${n === 1 ? '' : `-${n}`}${isZip ? '.zip' : ''}`;
    const place = join(home, isOfficialName(plain) ? `part-${plain}` : plain);
    if (!existsSync(place)) return place;
  }
}

/** The beginning of a name, of so many bytes as names may have with a number and an end. */
function shortened(name: string): string {
  let short = '';
  for (const character of name) {
    if (Buffer.byteLength(short + character) > MAX_NAME) break;
    short += character;
  }
  return short;
}

/** Unpacks regular files alone; the packed folder around all of them goes. */
async function unpack(path: string, folder: string): Promise<void> {
  mkdirSync(folder);
  const failed: string[] = [];
  try {
    await extract({
      file: path,
      cwd: folder,
      strip: 1,
      onwarn: (code, message) => {
        if (code === 'TAR_ENTRY_ERROR') failed.push(message);
      },
      filter: (_name, entry) =>
        !('type' in entry) || entry.type === 'File' || entry.type === 'Directory',
    });
    if (failed.length > 0) throw new Error(`${failed.length} files: ${failed[0]}`);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw new LabError('data.damaged', { path, message: `${messageOf(error)}.` }, { cause: error });
  }
}
