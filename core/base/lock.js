// Plain JavaScript: set-up takes this lock on Node 18, before anything can run TypeScript.
import { constants, readFileSync } from 'node:fs';
import { copyFile, link, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { makeFolder } from './folder.js';

const heartbeatMs = 5_000;
/**
 * A holder on another machine (shared home folder) can only be judged by its heartbeat, in
 * milliseconds.
 */
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
 * @param {{ onWait?: (pid: number) => void, signal?: AbortSignal | undefined }} [options] `onWait`
 * is called once, with the holder's process id, when the lock is taken; `signal` ends the waiting
 * @returns {Promise<T>} what `work` returned
 */
export async function withLock(path, work, { onWait, signal } = {}) {
  makeFolder(dirname(path));
  // Only a file name, so no seeded stream.
  const id = `${process.pid}-${Math.random().toString(36).slice(2)}`;
  const mine = `${path}.${id}`;
  await writeFile(mine, JSON.stringify({ pid: process.pid, host: hostname(), id }));
  let told = false;
  try {
    while (!(await acquire(mine, path))) {
      signal?.throwIfAborted();
      const holder = await readHolder(path);
      if (await isStale(path, holder)) await removeStale(path, holder, mine);
      else if (holder && !told) {
        onWait?.(holder.pid);
        told = true;
      }
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  } finally {
    await rm(mine, { force: true });
  }
  const heartbeat = setInterval(() => {
    refresh(path).catch(() => undefined); // removed by hand: nothing to keep alive
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
    await refresh(mine); // the link shares its time, and it may have waited for long
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

/**
 * @param {string} path
 * @returns {Promise<Holder | undefined>} undefined when absent or unreadable
 */
async function readHolder(path) {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** @param {string} path @param {Holder | undefined} holder */
async function isStale(path, holder) {
  if (holder && holder.host === hostname() && !isAlive(holder.pid)) return true;
  return (await ageOf(path)) > silentMs;
}

/** @param {string} path */
const refresh = (path) => utimes(path, new Date(), new Date());

/**
 * Milliseconds since a file was written or refreshed; none when it is gone.
 * @param {string} path
 */
async function ageOf(path) {
  const found = await stat(path).catch(() => undefined);
  return found ? Date.now() - found.mtimeMs : 0;
}

/** Whether a process of this machine runs. @param {number} pid */
export function isAlive(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
  try {
    // Linux: a dead process whose parent has not noticed yet still has its number; containers are
    // full of them
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return true;
  }
}

/**
 * Remove a stale lock. Between judging and removing, another process may have removed it and taken
 * the lock anew, so the right to remove this holder's lock is itself exclusive, and the lock is
 * looked at again under that right.
 * @param {string} path @param {Holder | undefined} judged @param {string} mine
 */
async function removeStale(path, judged, mine) {
  const right = `${path}.stale-${judged?.id ?? 'unreadable'}`;
  if (!(await acquire(mine, right))) {
    // Killed within this function.
    if ((await ageOf(right)) > heartbeatMs) await rm(right, { force: true });
    return;
  }
  if ((await readHolder(path))?.id === judged?.id) await rm(path, { force: true });
  await rm(right, { force: true });
}

/** @param {unknown} error */
const codeOf = (error) => /** @type {NodeJS.ErrnoException} */ (error).code;
