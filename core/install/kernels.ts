import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LabError, messageOf } from '../base/errors.ts';
import { makeFolder } from '../base/folder.js';
import { nodeProgram, outsideArchive } from '../base/node-program.ts';
import { addonFile, findCompiler } from './addon.ts';
import { engineHome } from './engine-home.ts';
import { libraryStatus } from './library-status.ts';
import { releaseFor, type Variant } from './release.ts';

const require = createRequire(import.meta.url);

/** Sources of the kernels in C++; build/shell.js copies them beside its bundles. */
const sources = outsideArchive(fileURLToPath(new URL('../engine/kernels/', import.meta.url)));

/** Flags for all sources. The kernels use these instructions without asking; the caller asks. */
export const compilerFlags = [
  ...['-std=c++17', '-O3', '-fPIC', '-Wall', '-Wextra', '-pthread'],
  // Every compiler computes the same numbers: it rounds a product before it adds to it.
  '-ffp-contract=off',
  ...['-mavx2', '-mfma', '-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl', '-mavx512bf16'],
  ...['-mamx-tile', '-mamx-bf16'],
];
const flags = [...compilerFlags, '-shared'];

/**
 * Loads our own kernels into this process; TensorFlow's libraries must be open. The first call of a
 * version compiles them (5 s) into the user's cache. Returns why that is impossible, such as without
 * a compiler (then TensorFlow's own kernels do the work), else null.
 */
export const loadKernels = (variant: Variant, home: string = engineHome()): LabError | null =>
  problemOfUsing(variant, home, (file) => {
    try {
      require(file);
      return null;
    } catch (error) {
      return doesNotLoad(file, messageOf(error), error);
    }
  });

/**
 * Tries what `loadKernels` does, in a separate process, because a broken library can end the process
 * that loads it. The library of TensorFlow must be installed.
 *
 * @returns as `loadKernels`
 */
export const checkKernels = (variant: Variant, home: string = engineHome()): LabError | null =>
  problemOfUsing(variant, home, (file) => {
    const addon = join(libraryStatus(variant).folder, addonFile);
    const load = 'for (const file of process.argv.slice(1)) require(file)';
    const { status, stderr } = spawnSync(nodeProgram(), ['-e', load, addon, file], {
      encoding: 'utf8',
      env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2', NODE_OPTIONS: '' },
    });
    if (status === 0) return null;
    return doesNotLoad(file, /^Error: (.*)$/m.exec(stderr)?.[1] ?? stderr.trim());
  });

/** Compiles the kernels where that was never done, and uses their file. */
function problemOfUsing(
  variant: Variant,
  home: string,
  use: (file: string) => LabError | null,
): LabError | null {
  try {
    return use(compiled(frameworkOf(variant), home));
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
}

/** Path of TensorFlow's library with the functions that the kernels call. */
function frameworkOf(variant: Variant): string {
  const [framework] = releaseFor(variant).libraries as [string];
  return join(libraryStatus(variant).folder, framework);
}

const doesNotLoad = (file: string, reason: string, cause?: unknown): LabError =>
  new LabError('engine.does-not-load/kernels', { reason, folder: dirname(file) }, { cause });

/**
 * Returns the compiled addon.
 *
 * @param library path of libtensorflow_framework
 * @throws LabError `engine.no-compiler`, `engine.build-failed`, `engine.cache-not-writable`
 */
function compiled(library: string, home: string): string {
  const names = readdirSync(sources).sort();
  const hash = createHash('sha256').update(`${flags.join(' ')} ${library}`);
  for (const name of names) hash.update(`${name}\n`).update(readFileSync(join(sources, name)));
  const folder = join(home, 'kernels');
  const file = join(folder, `${hash.digest('hex').slice(0, 16)}.node`);
  if (existsSync(file)) return file;
  const compiler = findCompiler('engine.no-compiler/kernels');
  const parts = names.filter((name) => name.endsWith('.cc')).map((name) => join(sources, name));
  try {
    makeFolder(folder);
    compile(compiler, [...parts, library], file);
  } catch (error) {
    if (error instanceof LabError) throw error;
    const reason = messageOf(error);
    throw new LabError('engine.cache-not-writable/kernels', { home, reason }, { cause: error });
  }
  return file;
}

/** @throws LabError `engine.build-failed`, or an error of the file system */
function compile(compiler: string, inputs: readonly string[], file: string): void {
  const partial = `${file}.${process.pid}`;
  try {
    const { status, stderr } = spawnSync(compiler, [...flags, ...inputs, '-o', partial], {
      encoding: 'utf8',
    });
    if (status !== 0) {
      const lines = stderr.trim().split('\n').slice(0, 12).join('\n');
      throw new LabError('engine.build-failed/kernels', { compiler, stderr: lines });
    }
    // Workers may compile at the same time; each moves a complete file here.
    renameSync(partial, file);
  } finally {
    rmSync(partial, { force: true });
  }
}
