import { stat } from 'node:fs/promises';
import { LabError, messageOf } from '../../base/errors.ts';
import { openFolder } from './folder-place.ts';
import type { ImagePlace } from './place.ts';
import { openZip } from './zip-place.ts';

/**
 * Lists the files of a folder or zip archive. Links to files are read; links to folders are listed
 * and not followed, because they may lead in circles.
 *
 * @throws LabError `data.not-found`, `data.unreadable`, `data.damaged`, `data.too-many-files`
 */
export async function openPlace(path: string): Promise<ImagePlace> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return openFolder(path);
    if (!found.isFile()) throw new LabError('data.unreadable', { path }); // a pipe has no end
    return await openZip(path);
  } catch (error) {
    if (error instanceof LabError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new LabError('data.not-found/path', { path }, { cause: error });
    throw new LabError(
      'data.unreadable/reason',
      { path, reason: messageOf(error) },
      { cause: error },
    );
  }
}
