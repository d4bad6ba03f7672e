import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeFolder } from '../base/folder.js';
import { outsideArchive } from '../base/node-program.ts';
import { findCompiler } from './addon.ts';

const require = createRequire(import.meta.url);

/** Sources of the kernels in C++; build/shell.js copies them beside its bundles. */
const sources = outsideArchive(fileURLToPath(new URL('../engine/kernels/', import.meta.url)));

/** The kernels use these instructions without asking; the caller asks. */
const flags = [
  ...['-std=c++17', '-O3', '-fPIC', '-shared', '-w', '-pthread'],
  ...['-mavx2', '-mfma', '-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl', '-mavx512bf16'],
  ...['-mamx-tile', '-mamx-bf16'],
];

/**
 * Loads our own kernels into this process; TensorFlow must be loaded. The first call of a version
 * compiles them (3 s) into the user's cache. Returns false where that is impossible, such as
 * without a compiler: then TensorFlow's own kernels do the work.
 *
 * @param library path of libtensorflow_framework
 */
export function loadKernels(library: string, home: string): boolean {
  try {
    require(compiled(library, home));
    return true;
  } catch {
    return false;
  }
}

/** Returns the compiled addon. @throws Error or LabError when it cannot be made */
function compiled(library: string, home: string): string {
  const names = readdirSync(sources).sort();
  const hash = createHash('sha256').update(`${flags.join(' ')} ${library}`);
  for (const name of names) hash.update(`${name}\n`).update(readFileSync(join(sources, name)));
  const folder = join(home, 'kernels');
  const file = join(folder, `${hash.digest('hex').slice(0, 16)}.node`);
  if (existsSync(file)) return file;
  makeFolder(folder);
  const partial = `${file}.${process.pid}`;
  const parts = names.filter((name) => name.endsWith('.cc')).map((name) => join(sources, name));
  try {
    const { status, stderr } = spawnSync(findCompiler(), [
      ...flags,
      ...parts,
      library,
      '-o',
      partial,
    ]);
    if (status !== 0) throw new Error(`The kernels do not compile: ${String(stderr)}`);
    // Workers may compile at the same time; each moves a complete file here.
    renameSync(partial, file);
    return file;
  } finally {
    rmSync(partial, { force: true });
  }
}
