import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { dataHome } from '../base/data-home.ts';
import type { OfficialSource } from './source.ts';

/** Where the files of an official set lie, or will. */
export interface OfficialPlace {
  /** The only file, or the folder of several. */
  readonly path: string;
  /** The folder that downloads go into. */
  readonly folder: string;
  /** In the order of the source's files. */
  readonly files: readonly string[];
}

/** @param home the data folder */
export function placeOf({ name, files }: OfficialSource, home: string): OfficialPlace {
  const [first, ...more] = files;
  const folder = more.length === 0 ? home : join(home, name);
  const path = more.length === 0 ? join(home, first!.file) : folder;
  return { path, folder, files: files.map(({ file }) => join(folder, file)) };
}

/** Path of an official set in the data folder, when all of its files are there. */
export async function findOfficial(
  source: OfficialSource,
  home = dataHome(),
): Promise<string | undefined> {
  const { path, files } = placeOf(source, home);
  return Promise.all(files.map(async (file) => access(file))).then(
    () => path,
    () => undefined,
  );
}

/** Bytes of an official set in the data folder; null unless all of its files are there. */
export async function bytesOf(source: OfficialSource, home: string): Promise<number | null> {
  const { files } = placeOf(source, home);
  return Promise.all(files.map(async (file) => stat(file))).then(
    (found) => found.reduce((sum, { size }) => sum + size, 0),
    () => null,
  );
}
