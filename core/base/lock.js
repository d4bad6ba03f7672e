// Plain JavaScript: set-up takes this lock under Node 18, which cannot run TypeScript.
import { constants, readFileSync } from 'node:fs';
import { copyFile, link, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { makeFolder } from './folder.js';

const heartbeatMs = 5_000;
/**
 * Milliseconds without a heartbeat after which a holder on another machine (shared home folder)
 * counts as dead.
 */
const silentMs = 120_000;
const retryMs = 200;

/** @typedef {{ pid: number, host: string, id: string }} Holder */

/**
 * Runs `work` while this process holds the lock file `path`. One process holds it at a time, across
 * checkouts. The lock of a dead process (kill -9, power cut) is replaced.
 *
 * @template T
 * @param {string} path lock file; its folder is made when missing
 * @param {() => Promise<T>} work
 * @param {{ onWait?: (pid: number) => void, signal?: AbortSignal | undefined }} [options] `onWait`
 * is called once, with the holder's process id, before the first wait; `signal` ends the wait
 * @returns {Promise<T>} the result of `work`
 */
export async function withLock(path, work, { onWait, signal } = {}) {
  makeFolder(dirname(path));
  // The random part only makes a file name unique, so it needs no seeded stream.
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
    refresh(path).catch(() => undefined); // a person removed the lock: no heartbeat needed
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
 * A hard link creates the lock complete, with its holder inside, or not at all.
 * @param {string} mine
 * @param {string} path
 */
async function acquire(mine, path) {
  try {
    await refresh(mine); // the link shares its time, which may be old after a long wait
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
 * Milliseconds since a file was written or refreshed; 0 for a missing file.
 * @param {string} path
 */
async function ageOf(path) {
  const found = await stat(path).catch(() => undefined);
  return found ? Date.now() - found.mtimeMs : 0;
}

/** True when a process of this machine runs. @param {number} pid */
export function isAlive(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
  try {
    // On Linux a dead process keeps its id until its parent notices (state Z). Containers have many
    // of these.
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return true;
  }
}

/**
 * Removes a stale lock. Another process may remove it and take a new lock between the check and the
 * removal. So a second lock guards the removal, and the first one is checked again under it.
 * @param {string} path
 * @param {Holder | undefined} judged
 * @param {string} mine
 */
async function removeStale(path, judged, mine) {
  const right = `${path}.stale-${judged?.id ?? 'unreadable'}`;
  if (!(await acquire(mine, right))) {
    // An old file here belongs to a process that was killed inside this function.
    if ((await ageOf(right)) > heartbeatMs) await rm(right, { force: true });
    return;
  }
  if ((await readHolder(path))?.id === judged?.id) await rm(path, { force: true });
  await rm(right, { force: true });
}

/** @param {unknown} error */
const codeOf = (error) => /** @type {NodeJS.ErrnoException} */ (error).code;
