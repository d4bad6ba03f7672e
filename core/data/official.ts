import { access, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { dataHome } from '../base/data-home.ts';
import type { OfficialSource } from './source.ts';

/** Where the files of an official set lie, or will. */
export interface OfficialPlace {
  /** The only file, or the folder of several. */
  readonly path: string;
  /** In the order of the source's files. */
  readonly files: readonly string[];
}

/** @param home the data folder */
export function placeOf(source: OfficialSource, home: string): OfficialPlace {
  const files = source.files.map(({ file, folder = '' }) => join(home, folder, file));
  const [first, ...more] = files;
  return { path: more.length === 0 ? first! : dirname(first!), files };
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
