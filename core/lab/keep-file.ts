import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { makeFolder } from '../base/folder.js';

/**
 * Copies a sent file into a folder under its own name, made harmless; under NAME-2 and so on where
 * a file of other content has that name. What is there already is not copied again. Returns the
 * path.
 */
export async function keepFile(path: string, folder: string, name: string): Promise<string> {
  makeFolder(folder);
  const plain =
    basename(name)
      .replace(/[^\w.+-]/g, '-')
      .replace(/^[.-]+/, '') || 'data.tar.gz';
  const [stem, end] = splitName(plain);
  for (let n = 1; ; n++) {
    const kept = join(folder, n === 1 ? plain : `${stem}-${n}${end}`);
    try {
      await copyFile(path, kept, constants.COPYFILE_EXCL);
      return kept;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if ((await contentOf(kept)) === (await contentOf(path))) return kept;
    }
  }
}

/** `data.tar.gz` is `data` and `.tar.gz`. */
const splitName = (name: string): [stem: string, end: string] => {
  const end = /(\.tar)?\.[^.]+$/.exec(name)?.[0] ?? '';
  return [name.slice(0, name.length - end.length), end];
};

async function contentOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
