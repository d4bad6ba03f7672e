import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeFolder } from '../../base/folder.js';
import { planKey, type StepPlan } from '../engine.ts';
import { addonVersion } from '../../install/addon.ts';
import { engineHome } from '../../install/engine-home.ts';
import { tensorflowVersion } from '../../install/release.ts';

/** Milliseconds without a new recording after which another version's recordings are removed. */
const EXPIRY = 7 * 24 * 3600_000;
/** Bytes of the SHA-256 at the start of a file. */
const DIGEST = 32;

/** Everything that a recording depends on besides its plan. */
export type RecordingKind = Readonly<Record<string, string | number | boolean>>;

/**
 * Returns the graph of a step from the user's cache, or calls `record` and saves the result.
 * Recording runs every operation once, which takes seconds for deep networks, and the result is
 * equal for all runs and workers. A damaged file is recorded again; without write access nothing is
 * saved.
 */
export function recording(
  kind: RecordingKind,
  plan: StepPlan,
  record: () => Uint8Array,
  home: string = engineHome(),
): Uint8Array {
  const file = recordingFile(kind, plan, home);
  const known = read(file);
  if (known) return known;
  const bytes = record();
  save(file, bytes);
  return bytes;
}

/**
 * Returns the file of a recording; its name is a hash of everything that it depends on, the
 * program's own source included.
 */
export function recordingFile(kind: RecordingKind, plan: StepPlan, home: string): string {
  const key = JSON.stringify([kind, planKey(plan)]);
  return join(home, 'recorded', program(), `${createHash('sha256').update(key).digest('hex')}.pb`);
}

function read(file: string): Uint8Array | null {
  try {
    const content = readFileSync(file);
    const bytes = content.subarray(DIGEST);
    return digestOf(bytes).equals(content.subarray(0, DIGEST)) ? bytes : null;
  } catch {
    return null;
  }
}

/** Writes a complete file or none; a cache without write access costs time, not the run. */
function save(file: string, bytes: Uint8Array): void {
  const folder = dirname(file);
  const partial = `${file}.${process.pid}`;
  try {
    makeFolder(folder);
    try {
      writeFileSync(partial, Buffer.concat([digestOf(bytes), bytes]));
      renameSync(partial, file);
    } finally {
      rmSync(partial, { force: true });
    }
    removeExpired(folder);
  } catch {
    // no room, or no right to write
  }
}

function removeExpired(folder: string): void {
  for (const name of readdirSync(dirname(folder))) {
    const other = join(dirname(folder), name);
    if (other !== folder && Date.now() - statSync(other).mtimeMs > EXPIRY)
      rmSync(other, { recursive: true, force: true });
  }
}

let known: string | undefined;

/**
 * Returns versions of the libraries and the text of all recording code: sources, or the bundles of
 * the desktop app's worker.
 */
function program(): string {
  if (known !== undefined) return known;
  const own = fileURLToPath(import.meta.url);
  const type = extname(own);
  const folders = type === '.ts' ? ['../', '../../models/', '../../kinds/'] : ['./'];
  const hash = createHash('sha256').update(`${tensorflowVersion} ${addonVersion()}`);
  for (const folder of folders.map((path) => join(dirname(own), path))) {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
      (name) => extname(name) === type,
    );
    for (const name of names.sort())
      hash.update(`${name}\n`).update(readFileSync(join(folder, name)));
  }
  return (known = hash.digest('hex').slice(0, 16));
}

const digestOf = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
