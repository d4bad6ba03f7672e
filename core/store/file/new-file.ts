import { randomUUID } from 'node:crypto';
import {
  existsSync,
  closeSync,
  copyFileSync,
  constants,
  linkSync,
  openSync,
  rmSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { LabError, messageOf } from '../../base/errors.ts';

/**
 * Makes an empty file that only its user may read. SQLite gives its logs the same rights.
 *
 * @returns false when the file is there already, or cannot be made
 */
export function makePrivateFile(path: string): boolean {
  try {
    closeSync(openSync(path, 'wx', 0o600));
    return true;
  } catch {
    return false;
  }
}

/**
 * Writes a new file, which appears whole or not at all and replaces none. `write` fills an empty
 * file beside it, of a name that no other program has.
 *
 * @param mode rights of the file
 * @throws LabError `store.file-exists`, `store.cannot-open`, and what `write` throws
 */
export async function writeNewFile(
  path: string,
  write: (part: string) => Promise<unknown>,
  mode = 0o600,
): Promise<void> {
  if (!existsSync(dirname(path))) throw new LabError('store.cannot-open/no-folder', { file: path });
  const part = `${path}.${randomUUID()}.part`;
  try {
    closeSync(openSync(part, 'wx', mode));
  } catch (error) {
    throw cannotMake(path, error);
  }
  try {
    await write(part);
    nameNewFile(part, path);
  } finally {
    rmSync(part, { force: true });
  }
}

/** Gives a whole file its name, unless there is a file of that name. */
function nameNewFile(part: string, path: string): void {
  try {
    linkSync(part, path);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw fileExists(path);
    if (!NO_LINKS.includes(code)) throw cannotMake(path, error);
    copyNewFile(part, path);
  }
}

/** Codes of disks that know no hard links. */
const NO_LINKS = ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK'];

function copyNewFile(part: string, path: string): void {
  try {
    copyFileSync(part, path, constants.COPYFILE_EXCL);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw fileExists(path);
    rmSync(path, { force: true });
    throw cannotMake(path, error);
  }
}

const cannotMake = (path: string, cause: unknown): LabError =>
  new LabError('store.cannot-open/new', { path, reason: messageOf(cause) }, { cause });

export const fileExists = (path: string): LabError => new LabError('store.file-exists', { path });
