import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * This process's part, which goes on with the longest one that a finished or killed process left.
 * Renaming is atomic, so a part has one owner.
 */
export async function claimPart(folder: string, file: string): Promise<string> {
  const mine = join(folder, `${file}.${process.pid}.part`);
  const left = (await readdir(folder)).flatMap((name) => {
    if (!name.startsWith(`${file}.`) || !name.endsWith('.part')) return [];
    const owner = /\.(\d+)\.part$/.exec(name)?.[1];
    return owner && isOtherAlive(Number(owner)) ? [] : [join(folder, name)];
  });
  const sized = await Promise.all(left.map(async (path) => ({ path, size: await sizeOf(path) })));
  const [best, ...rest] = sized.sort((a, b) => b.size - a.size);
  for (const { path } of rest) await rm(path, { force: true });
  // When another process takes it first, this one starts anew.
  if (best && best.path !== mine) await rename(best.path, mine).catch(() => undefined);
  return mine;
}

function isOtherAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Bytes of a file, 0 when there is none. */
export const sizeOf = async (path: string): Promise<number> => {
  const found = await stat(path).catch(() => undefined);
  return found?.size ?? 0;
};
