// Plain JavaScript: set-up takes this lock on Node 18, before anything can run TypeScript.
import { constants, readFileSync } from 'node:fs';
import { copyFile, link, mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';

const heartbeatMs = 5_000;
/** A holder on another machine (shared home folder) can only be judged by its heartbeat, in milliseconds. */
const silentMs = 120_000;
const retryMs = 200;

/** @typedef {{ pid: number, host: string, id: string }} Holder */

/**
 * Run `work` while holding the lock file `path`; one holder at a time over processes and checkouts.
 * A lock whose process is dead (kill -9, power cut) is taken over.
 *
 * @template T
 * @param {string} path lock file; its folder is made when missing
 * @param {() => Promise<T>} work
 * @param {{ onWait?: (pid: number) => void, signal?: AbortSignal | undefined }} [options] `onWait` is called
 *   once, with the holder's process id, when the lock is taken; `signal` ends the waiting
 * @returns {Promise<T>} what `work` returned
 */
export async function withLock(path, work, { onWait, signal } = {}) {
  await mkdir(dirname(path), { recursive: true });
  const id = `${process.pid}-${Math.random().toString(36).slice(2)}`; // only a file name, so no seeded stream
  const mine = `${path}.${id}`;
  await writeFile(mine, JSON.stringify({ pid: process.pid, host: hostname(), id }));
  let told = false;
  try {
    while (!(await acquire(mine, path))) {
      signal?.throwIfAborted();
      const holder = await readHolder(path);
      if (holder === undefined || (await isStale(path, holder))) {
        await takeAway(path, holder, mine);
        continue;
      }
      if (!told) onWait?.(holder.pid);
      told = true;
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  } finally {
    await rm(mine, { force: true });
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined); // removed by hand: nothing to keep alive
  }, heartbeatMs);
  heartbeat.unref();
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    if ((await readHolder(path))?.id === id) await rm(path, { force: true });
  }
}

/**
 * A hard link makes the lock appear whole, with its holder written in it, or not at all.
 * @param {string} mine @param {string} path
 */
async function acquire(mine, path) {
  try {
    await link(mine, path).catch((error) => {
      if (!['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'].includes(codeOf(error) ?? '')) throw error;
      return copyFile(mine, path, constants.COPYFILE_EXCL); // a disk without hard links
    });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** @param {string} path @returns {Promise<Holder | undefined>} undefined when absent or unreadable */
async function readHolder(path) {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** @param {string} path @param {Holder} holder */
async function isStale(path, holder) {
  if (holder.host === hostname() && !isAlive(holder.pid)) return true;
  const written = await stat(path).catch(() => undefined);
  return written !== undefined && Date.now() - written.mtimeMs > silentMs;
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
  try {
    // Linux: a dead process whose parent has not noticed yet still has its number; containers are full of them
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return true;
  }
}

/**
 * Move a stale lock aside. Between looking and moving another process may have replaced it by a live one,
 * so what was moved is compared with what was judged, and put back when it differs.
 * @param {string} path @param {Holder | undefined} judged @param {string} mine
 */
async function takeAway(path, judged, mine) {
  const aside = `${mine}.stale`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  const moved = await readHolder(aside);
  if (moved?.id !== judged?.id) await acquire(aside, path);
  await rm(aside, { force: true });
}

/** @param {unknown} error */
const codeOf = (error) => /** @type {NodeJS.ErrnoException} */ (error).code;
