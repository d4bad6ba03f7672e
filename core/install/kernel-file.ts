import { createHash } from 'node:crypto';
import {
  chmodSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { LabError } from '../base/errors.ts';
import { flushFile, flushFolder } from '../base/flush.ts';
import { makeFolder } from '../base/folder.js';
import { makeTemporary, sweepTemporary } from '../base/temporary.ts';

/** Unfinished files of a compiler under an earlier version, which no process renames any more. */
const EARLIER_PARTIAL = /\.node\.\d+$/;

/** File of a library's hash, which is written when the library has loaded once. */
const proofOf = (file: string): string => `${file}.sha256`;

const hashOf = (file: string): string =>
  createHash('sha256').update(readFileSync(file)).digest('hex');

/**
 * Returns whether a compiled library may be loaded: its bytes are those that loaded once, and only
 * this user or root can change it, its folder and the home of that.
 */
export function isProven(file: string): boolean {
  try {
    const folder = dirname(file);
    return (
      [file, proofOf(file), folder, dirname(folder)].every(isPrivate) &&
      readFileSync(proofOf(file), 'utf8') === hashOf(file)
    );
  } catch {
    return false; // a part of it is missing or cannot be read
  }
}

/**
 * Makes the folder of compiled libraries, which others cannot write. What it held while they could
 * is removed, and so is what killed compilers left.
 *
 * @throws LabError `engine.cache-not-private`, or an error of the file system
 */
export function privateFolder(home: string): string {
  const folder = join(home, 'kernels');
  makeFolder(folder);
  for (const path of [home, folder])
    if (!isOwn(path) || (path === home && !isPrivate(path)))
      throw new LabError('engine.cache-not-private', { path });
  if (!isPrivate(folder)) {
    chmodSync(folder, 0o700);
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
  }
  sweepTemporary(folder);
  for (const name of readdirSync(folder))
    if (EARLIER_PARTIAL.test(name)) rmSync(join(folder, name), { force: true });
  return folder;
}

/**
 * Puts a library into its place, whole also after a loss of power. `make` writes it into a folder
 * that is swept when this process is killed, and loads it once elsewhere.
 *
 * @throws what `make` throws, or an error of the file system
 */
export function placeProven(file: string, make: (partial: string, work: string) => void): void {
  const folder = dirname(file);
  const work = makeTemporary('kernels', folder);
  try {
    const partial = join(work, 'kernels.node');
    make(partial, work);
    const proof = join(work, 'proof');
    writeFileSync(proof, hashOf(partial));
    for (const each of [partial, proof]) {
      chmodSync(each, 0o700);
      flushFile(each);
    }
    // Workers may compile at the same time; each moves complete files here.
    renameSync(partial, file);
    renameSync(proof, proofOf(file));
    flushFolder(folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const isOwn = (path: string): boolean =>
  process.getuid === undefined || [0, process.getuid()].includes(statSync(path).uid);

/** Whether only this user or root can write a file, or change the names in a folder. */
const isPrivate = (path: string): boolean =>
  process.getuid === undefined || (isOwn(path) && (statSync(path).mode & 0o022) === 0);
